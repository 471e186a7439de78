// One text of a template: its fields with their faults, the variables to put in, and how large it is.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useId, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFormat, useWord } from "../../lib/use";
import { faultText } from "./fault-words";
import { HAS, MAX_PARAMETERS, named, variablesOf, type Channel, type Fault, type Language, type Size, type Text, type Variable } from "./template";

type Place = HTMLInputElement | HTMLTextAreaElement;

export function TextFields({ channel, language, text, faults, size, strict, onChange }: {
  channel: Channel;
  language: Language;
  text: Text;
  /** With places within the text. */
  faults: Fault[];
  /** Of the message that is shown. */
  size: Size | null;
  /** Also tells what is not written yet. */
  strict: boolean;
  onChange: (text: Text) => void;
}) {
  const { t, i18n } = useTranslation();
  const word = useWord();
  const body = useRef<HTMLDivElement>(null);
  const place = useRef<Place | null>(null);
  const has = HAS[channel];
  const parameters = text.parameters ?? [];
  const withVendor = has.vendor || Boolean(text.vendor_template_id) || parameters.length > 0;
  // Nobody wants to hear what is missing before they came to it.
  const told = (pointer: string) => strict || pointer.startsWith("/parameters/") || Boolean(text[pointer.slice(1) as keyof Text]);
  const at = (pointer: string) => (told(pointer) ? faults.filter((fault) => fault.pointer === pointer) : []);
  const shown = ["/title", "/body", "/link", "/picture", "/vendor_template_id", ...parameters.flatMap((_, index) => [`/parameters/${index}/name`, `/parameters/${index}/value`])];
  const others = faults.filter((fault) => !shown.includes(fault.pointer));
  const put = (variable: Variable) => {
    const spoken = i18n.getFixedT(language);
    const words = { member: spoken("templates.put.member"), more: spoken("templates.put.more"), stop: spoken("templates.put.stop") };
    const field = place.current?.isConnected ? place.current : body.current?.querySelector("textarea");
    if (field) insert(field, named(variable, channel, language, words));
  };
  const follow = (event: { currentTarget: Place }) => {
    place.current = event.currentTarget;
  };
  const change = (changes: Partial<Text>) => onChange({ ...text, ...changes });
  const changeParameter = (index: number, changes: Partial<{ name: string; value: string }>) =>
    change({ parameters: parameters.map((one, other) => (other === index ? { ...one, ...changes } : one)) });
  return (
    <div className="text-fields">
      {others.map((fault) => <FaultLine key={fault.pointer + fault.detail} fault={fault} />)}
      {(has.title || text.title) && <Line label={t("templates.text.title")} value={text.title ?? ""} faults={at("/title")} onChange={(title) => change({ title })} onFocus={follow} language={language} />}
      <div ref={body}>
        <Line
          label={t(channel === "email" ? "templates.text.html" : "templates.text.body")}
          value={text.body}
          faults={at("/body")}
          rows={channel === "email" ? 8 : 4}
          onChange={(next) => change({ body: next })}
          onFocus={follow}
          language={language}
          extra={channel === "sms" && <Places size={size} />}
        />
      </div>
      <div className="variables" role="group" aria-label={t("templates.variables")}>
        {variablesOf(channel).map((variable) => (
          // The field keeps the focus, and with it the place where the words go.
          <Button key={variable} size="small" title={t(`templates.variable.${variable}Is`)} onMouseDown={(event) => event.preventDefault()} onClick={() => put(variable)}>
            {word("templates.variable", variable)}
          </Button>
        ))}
      </div>
      {(has.link || text.link) && <Line label={t("templates.text.link")} hint={t("templates.text.linkHint")} value={text.link ?? ""} faults={at("/link")} onChange={(link) => change({ link })} />}
      {(has.picture || text.picture) && <Line label={t("templates.text.picture")} value={text.picture ?? ""} faults={at("/picture")} onChange={(picture) => change({ picture })} />}
      {withVendor && (
        <fieldset className="lines part">
          <legend>{t("templates.vendor")}</legend>
          <Line label={t("templates.vendorId")} hint={t(channel === "sms" ? "templates.vendorIdSms" : "templates.vendorIdWechat")} value={text.vendor_template_id ?? ""} faults={at("/vendor_template_id")} onChange={(id) => change({ vendor_template_id: id })} />
          {parameters.map((one, index) => (
            <div key={index} className="row line" role="group" aria-label={t("templates.parameter", { number: index + 1 })}>
              <Line label={t("templates.parameterName")} value={one.name} faults={at(`/parameters/${index}/name`)} onChange={(name) => changeParameter(index, { name })} />
              <Line label={t("templates.parameterValue")} value={one.value} faults={at(`/parameters/${index}/value`)} onChange={(value) => changeParameter(index, { value })} onFocus={follow} language={language} />
              <Button type="text" danger icon={<DeleteOutlined />} aria-label={t("templates.removeParameter", { number: index + 1 })} onClick={() => change({ parameters: parameters.filter((_, other) => other !== index) })} style={{ marginTop: 26 }} />
            </div>
          ))}
          <Button size="small" icon={<PlusOutlined />} disabled={parameters.length >= MAX_PARAMETERS} onClick={() => change({ parameters: [...parameters, { name: "", value: "" }] })}>{t("templates.addParameter")}</Button>
        </fieldset>
      )}
    </div>
  );
}

/** Puts words where the cursor stands. The browser does it as if they were typed, so undo knows them. */
function insert(field: Place, words: string): void {
  field.focus();
  if (document.execCommand("insertText", false, words)) return;
  field.setRangeText(words, field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function Line({ label, hint, value, faults, rows, onChange, onFocus, language, extra }: {
  label: string;
  hint?: string;
  value: string;
  faults: Fault[];
  /** Of a field of several lines. */
  rows?: number;
  onChange: (value: string) => void;
  onFocus?: (event: { currentTarget: Place }) => void;
  language?: Language;
  extra?: ReactNode;
}) {
  const id = useId();
  const about = [hint && `${id}-hint`, faults.length > 0 && `${id}-faults`].filter(Boolean).join(" ");
  const shared = {
    id,
    value,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
    ...(onFocus ? { onFocus } : {}),
    ...(language ? { lang: language } : {}),
    ...(about ? { "aria-describedby": about } : {}),
    "aria-invalid": faults.length > 0,
    status: faults.length > 0 ? ("error" as const) : ("" as const),
  };
  return (
    <div className="text-line">
      <label htmlFor={id}>{label}</label>
      {rows ? <Input.TextArea {...shared} autoSize={{ minRows: rows, maxRows: 20 }} /> : <Input {...shared} />}
      {hint && <p id={`${id}-hint`} className="soft small">{hint}</p>}
      {faults.length > 0 && <div id={`${id}-faults`}>{faults.map((fault) => <FaultLine key={fault.detail} fault={fault} bare />)}</div>}
      {extra}
    </div>
  );
}

export function FaultLine({ fault, bare }: { fault: Fault; bare?: boolean }) {
  const { t } = useTranslation();
  const said = faultText(fault.detail, t);
  return <p className="fault small">{!bare && fault.pointer && <code>{fault.pointer} </code>}{said ?? <span lang="en">{fault.detail}</span>}</p>;
}

/** What a vendor bills. */
export function Places({ size }: { size: Size | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  return <p className="small" role="status">{size ? t("templates.size", { parts: format.points(size.parts), places: format.points(size.places), encoding: size.encoding === "gsm7" ? "GSM-7" : "UCS-2" }) : t("templates.noSize")}</p>;
}
