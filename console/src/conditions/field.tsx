// A condition as rows or in CEL, with its faults at their place.

import { Alert, Button, Input, Segmented } from "antd";
import type { TextAreaRef } from "antd/es/input/TextArea";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem, type Problem } from "../api/client";
import type { Translation } from "../api/answers";
import { ProblemNote } from "../ui/problem";
import { translate, type Fields, type Scope } from "./fields";
import { charactersBefore, stated, type Conditions } from "./forms";
import { Rows } from "./rows";
import { itemsOf, unfinished } from "./tree";

export function ConditionsField({ value, onChange, fields, scope = "event", values, strict, empty }: {
  value: Conditions;
  onChange: (value: Conditions) => void;
  fields: Fields;
  scope?: Scope;
  values: Record<string, string[]>;
  strict: boolean;
  /** What a condition without rows means. */
  empty: string;
}) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [note, setNote] = useState<string | null>(null);
  const { form, items, when, text, from } = value;
  const change = async (to: "rows" | "cel") => {
    setProblem(null);
    setNote(null);
    if (to === form) return;
    if (to === "rows" && (text === from || text.trim() === "")) {
      onChange({ ...value, form: "rows", ...(text === from ? {} : { items: [], when: "" }) });
      return;
    }
    if (to === "cel" && unfinished(items).length > 0) {
      setNote(t("conditions.finishFirst"));
      return;
    }
    setBusy(true);
    try {
      const found = await translate({ scope, ...(to === "cel" ? stated(value, fields.unit) : { when: text }) });
      if (to === "cel" && found.when !== null) onChange({ ...value, form: "cel", text: found.when, from: found.when });
      else if (to === "rows" && found.conditions) onChange({ form: "rows", items: itemsOf(found.conditions, fields.unit), when: "", text: "", from: null });
      else if (to === "rows" && found.problems.length === 0) setNote(t("conditions.noRows"));
      else setNote(found.problems.map((one) => one.detail).join("; "));
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Segmented
        aria-label={t("conditions.form")}
        disabled={busy || !fields.isReady}
        value={form}
        onChange={(to) => void change(to === "cel" ? "cel" : "rows")}
        options={[{ value: "rows", label: t("conditions.rows") }, { value: "cel", label: t("conditions.cel") }]}
        style={{ marginBottom: 10 }}
      />
      <ProblemNote problem={problem ?? fields.error} />
      {note && <Alert className="problem" type="info" role="status" showIcon title={note} />}
      {form === "rows" ? (
        <>
          <Rows items={items} onChange={(next) => onChange({ ...value, items: next })} fields={fields} values={values} strict={strict} empty={empty} />
          {when !== "" && (
            <label className="besides">
              <span className="soft">{t("conditions.besides")}</span>
              <Cel scope={scope} label={t("conditions.besides")} text={when} onChange={(next) => onChange({ ...value, when: next })} />
            </label>
          )}
        </>
      ) : (
        <Cel scope={scope} label={t("conditions.cel")} text={text} onChange={(next) => onChange({ ...value, text: next })} />
      )}
    </>
  );
}

/** A text in CEL, which the server checks while it is typed. */
export function Cel({ label, text = "", onChange, scope = "event", placeholder, id }: {
  label: string;
  text?: string;
  onChange?: (text: string) => void;
  scope?: Scope;
  placeholder?: string;
  id?: string;
}) {
  const { t } = useTranslation();
  const [faults, setFaults] = useState<Translation["problems"]>([]);
  const area = useRef<TextAreaRef>(null);
  useEffect(() => {
    const stop = new AbortController();
    const later = setTimeout(() => {
      if (text.trim() === "") {
        setFaults([]);
        return;
      }
      // Without the network the text stays unchecked; keeping the draft checks it again.
      translate({ when: text, scope }, stop.signal).then((found) => setFaults(found.problems), () => {});
    }, 350);
    return () => {
      clearTimeout(later);
      stop.abort();
    };
  }, [text, scope]);
  const goTo = (line: number, column: number) => {
    const input = area.current?.resizableTextArea?.textArea;
    const lines = text.split("\n");
    const at = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + charactersBefore(lines[line - 1] ?? "", column);
    input?.focus();
    input?.setSelectionRange(at, at);
  };
  return (
    <div className="editor">
      <Input.TextArea
        {...(id ? { id } : {})}
        ref={area}
        aria-label={label}
        value={text}
        // The API takes no line breaks within a text.
        onChange={(event) => onChange?.(event.target.value.replaceAll(/[\r\n\t]+/g, " "))}
        autoSize={{ minRows: 2, maxRows: 12 }}
        spellCheck={false}
        status={faults.length > 0 ? "error" : ""}
        {...(placeholder ? { placeholder } : {})}
      />
      <div role="status">
        {faults.map(({ detail, line, column }) => (
          <div className="fault" key={detail}>
            <span lang="en">{detail}</span>
            {line && column ? (
              <>
                <pre aria-hidden>{marked(text, line, column)}</pre>
                <Button size="small" type="link" onClick={() => goTo(line, column)}>{t("conditions.goTo", { line, column })}</Button>
              </>
            ) : null}
          </div>
        ))}
      </div>
    </div>
  );
}

/** The line of a fault, with a mark below the place. */
function marked(text: string, line: number, column: number): string {
  const found = text.split("\n")[line - 1] ?? "";
  const before = found.slice(0, charactersBefore(found, column));
  // A full-width character is as wide as two.
  return `${found}\n${before.replaceAll(/[^\t]/g, (one) => (one > "\u2e80" ? "  " : " "))}^`;
}
