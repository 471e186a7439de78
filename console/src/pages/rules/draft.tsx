// One draft: edit it, see what changes, try it on an event, hold it against the past, and ask for
// its publication.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Alert, App, Button, Input } from "antd";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, ask, type Problem } from "../../api/client";
import type { Draft as DraftAnswer, Rule, Rulebook } from "../../api/answers";
import { drop, kept, useUnsaved, type Unsaved } from "../../lib/kept";
import { usePublished } from "../../lib/published";
import { useChange, useFilters, useFormat } from "../../lib/use";
import { may, useSignedIn } from "../../session";
import { changesOf, Diff } from "../../ui/diff";
import { NewerNote } from "../../ui/newer";
import { Loading, Mark, Page, Section } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Tabs } from "../../ui/tabs";
import { BackTestOf } from "./back-test";
import { Book } from "./book";
import { Drop, Publish } from "./draft-parts";
import { RuleForm } from "./rule-form";
import { Try } from "./try";
import { awardText, useSpeech } from "./words";

export default function Draft() {
  const { name = "" } = useParams();
  return <OneDraft key={name} name={name} />;
}

function OneDraft({ name }: { name: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const signedIn = useSignedIn();
  const [filters] = useFilters(["tab", "back-test"]);
  const [publishing, setPublishing] = useState(false);
  const [isChanged, setIsChanged] = useState(false);
  const published = usePublished();
  const draft = useQuery<DraftAnswer, Problem>({
    queryKey: ["draft", name],
    queryFn: () => ask(api.GET("/v1/rulebook/drafts/{name}", { params: { path: { name } } })),
    // A text that is being edited must not be exchanged behind the editor's back.
    refetchOnReconnect: false,
    staleTime: Infinity,
  });
  const changes = useMemo(
    () => (draft.data && published.data ? changesOf(published.data.rulebook, draft.data.rulebook) : null),
    [draft.data, published.data],
  );
  const back = <Link to="/rules?tab=drafts" className="soft">{t("rules.drafts")} /</Link>;
  if (!draft.data) {
    return (
      <Page title={name} back={back}>
        <ProblemNote problem={draft.error} retry={() => void draft.refetch()} />
        {!draft.error && <Loading rows={8} />}
      </Page>
    );
  }
  const faults = draft.data.problems ?? [];
  const writes = may(signedIn, "marketing");
  const isSound = faults.length === 0;
  const tabs = [
    ...(writes ? [{ key: "edit", label: t("rules.edit") }] : []),
    { key: "words", label: t("rules.inWords") },
    { key: "diff", label: t("rules.changes") },
    ...(writes && isSound ? [{ key: "try", label: t("rules.try") }] : []),
    ...(isSound ? [{ key: "back-test", label: t("rules.backTest") }] : []),
  ];
  const wanted = filters["back-test"] ? "back-test" : filters.tab;
  const tab = tabs.some((one) => one.key === wanted) ? wanted : tabs[0]?.key ?? "words";
  return (
    <Page
      title={name}
      back={back}
      extra={
        writes && (
          <>
            <Drop
              name={name}
              remove={(key) => ask(api.DELETE("/v1/rulebook/drafts/{name}", { params: { path: { name }, header: { "Idempotency-Key": key } } }))}
              back="/rules?tab=drafts"
            />
            <Button type="primary" disabled={isChanged || faults.length > 0 || changes?.length === 0} title={isChanged ? t("rules.keepFirst") : undefined} onClick={() => setPublishing(true)}>{t("rules.askPublish")}</Button>
          </>
        )
      }
    >
      <p className="row" style={{ marginBottom: 12 }}>
        {faults.length > 0 ? <Mark tone="bad">{t("rules.faults", { count: faults.length })}</Mark> : <Mark tone="good">{t("rules.sound")}</Mark>}
        {changes && <Mark tone="info">{t("inbox.changesCount", { count: changes.length })}</Mark>}
        <span className="soft">{t("rules.keptBy", { who: draft.data.updated_by, at: format.instant(draft.data.updated_at) })}</span>
      </p>
      <Tabs tabs={tabs} active={tab} />
      {isChanged && tab !== "edit" && <Alert className="problem" type="info" role="status" showIcon title={t("rules.asKept")} />}
      {/* What was typed stays while another part is looked at. */}
      {writes && <div hidden={tab !== "edit"}><Editor draft={draft.data} onChanged={setIsChanged} /></div>}
      {writes && isSound && <div hidden={tab !== "try"}><Try target={{ draft: name }} book={draft.data.rulebook} /></div>}
      {tab === "words" && draft.data.rulebook && <Book book={draft.data.rulebook} />}
      {tab === "diff" && <Section>{changes ? <Diff changes={changes} /> : <Loading />}</Section>}
      {tab === "back-test" && <BackTestOf draft={name} />}
      {publishing && (
        <Publish
          draft={name}
          lead={t("publications.lead")}
          request={(body, key) => ask(api.POST("/v1/rulebook/publications", { params: { header: { "Idempotency-Key": key } }, body: { draft: name, ...body } }))}
          onClose={() => setPublishing(false)}
        />
      )}
    </Page>
  );
}

function Editor({ draft, onChanged }: { draft: DraftAnswer; onChanged: (isChanged: boolean) => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const { programme, name: who } = useSignedIn();
  const place = `${programme.id}/${who}/draft/${draft.draft}`;
  const stored = useMemo(() => JSON.stringify(draft.rulebook, null, 2), [draft.rulebook]);
  const [before] = useState(() => kept<Unsaved<string>>(place));
  const [text, setText] = useState(before?.document ?? stored);
  const [base, setBase] = useState(before?.base ?? stored);
  // The draft may be read anew while somebody types: what is kept is kept over what the text came from.
  const [over, setOver] = useState(before?.over ?? draft.revision);
  const isChanged = text !== base;
  useEffect(() => onChanged(isChanged), [isChanged, onChanged]);
  useUnsaved(place, isChanged ? { document: text, base, over } : null);
  const parsed = useMemo(() => parse(text), [text]);
  const save = useChange(
    // What another person has kept meanwhile is not overwritten unasked.
    ({ next, over: read }: { next: Rulebook; over: number; sent: string }, key) =>
      ask<DraftAnswer>(api.PUT("/v1/rulebook/drafts/{name}", { params: { path: { name: draft.draft }, query: { revision: read as never }, header: { "Idempotency-Key": key } }, body: next as never })),
    (kept, { next, sent }) => {
      queries.setQueryData(["draft", draft.draft], { ...kept, rulebook: next });
      // What was typed since is a change of what was sent.
      setBase(sent);
      setOver(kept.revision);
      void message.success(t("rules.kept"));
    },
  );
  const faults = draft.problems ?? [];
  const change = (rules: Rule[]) => {
    if (!parsed.book) return;
    setText(JSON.stringify({ ...parsed.book, rules }, null, 2));
    void message.info(t("ruleForm.taken"));
  };
  return (
    <Section>
      {save.error?.slug === "conflict" && parsed.book ? (
        <NewerNote
          name={["draft", draft.draft]}
          find={async () => {
            const found = await ask<DraftAnswer>(api.GET("/v1/rulebook/drafts/{name}", { params: { path: { name: draft.draft } } }));
            return { document: found.rulebook ?? {}, stored: found, version: found.revision, by: found.updated_by, at: found.updated_at };
          }}
          document={parsed.book}
          onKeep={(theirs) => parsed.book && save.mutate({ next: parsed.book, over: theirs, sent: text })}
          onTake={({ stored: theirs }) => {
            save.reset();
            queries.setQueryData(["draft", draft.draft], theirs);
            const itsText = JSON.stringify(theirs.rulebook, null, 2);
            setBase(itsText);
            setOver(theirs.revision);
            setText(itsText);
          }}
        />
      ) : (
        <ProblemNote problem={save.error} />
      )}
      {before !== null && isChanged && <Alert className="problem" type="info" role="status" showIcon title={t("rules.restored")} />}
      {faults.length > 0 && !isChanged && (
        <ul className="faults" aria-label={t("rules.faults", { count: faults.length })} style={{ marginBottom: 12 }}>
          {faults.map((fault) => (
            <li key={fault.pointer + fault.detail}><code>{fault.pointer}</code> <span lang="en">{fault.detail}</span></li>
          ))}
        </ul>
      )}
      {!isChanged && draft.warnings?.map((one) => (
        <Alert key={one.pointer + one.detail} className="problem" type="warning" role="status" showIcon title={<><code>{one.pointer}</code> <span lang="en">{one.detail}</span></>} />
      ))}
      {parsed.book && <RuleList book={parsed.book} place={`${place}/rule`} onChange={change} />}
      <h3>{t("ruleForm.document")}</h3>
      <p className="quiet">{t("rules.editLead")}</p>
      <div className="editor">
        <Input.TextArea
          aria-label={t("rules.document")}
          value={text}
          onChange={(event) => setText(event.target.value)}
          autoSize={{ minRows: 16, maxRows: 36 }}
          spellCheck={false}
          status={parsed.fault ? "error" : ""}
        />
      </div>
      {parsed.fault && <p className="small" style={{ color: "var(--bad)" }} role="alert">{t("problem.malformed-json")}: <span lang="en">{parsed.fault}</span></p>}
      <div className="row" style={{ justifyContent: "flex-end", marginTop: 12 }}>
        <Button disabled={!isChanged} onClick={() => {
          setBase(stored);
          setOver(draft.revision);
          setText(stored);
        }}>{t("rules.undo")}</Button>
        <Button type="primary" disabled={!isChanged || !parsed.book} loading={save.isPending} onClick={() => parsed.book && save.mutate({ next: parsed.book, over, sent: text })}>{t("rules.keep")}</Button>
      </div>
    </Section>
  );
}

/** The rules in their order; each can be edited in a form, moved and removed by keyboard. */
function RuleList({ book, place, onChange }: { book: Rulebook; place: string; onChange: (rules: Rule[]) => void }) {
  const { t } = useTranslation();
  const speech = useSpeech();
  const rules = Array.isArray(book.rules) ? book.rules : [];
  // A form that was open when the page was loaded again is open still.
  const [edited, setEdited] = useState<Rule | "new" | null>(() => {
    const before = kept<{ rule: string | null }>(place);
    return before && (before.rule === null ? "new" : rules.find((one) => one.id === before.rule) ?? null);
  });
  const open = (rule: Rule | "new") => {
    drop(place);
    setEdited(rule);
  };
  const move = (from: number, to: number) => {
    const moved = [...rules];
    const [rule] = moved.splice(from, 1);
    if (rule) moved.splice(to, 0, rule);
    onChange(moved);
  };
  return (
    <>
      <div className="row" style={{ marginBottom: 8 }}>
        <h3 style={{ margin: 0 }}>{t("ruleForm.list")}</h3>
        <Button size="small" icon={<PlusOutlined />} onClick={() => open("new")}>{t("ruleForm.new")}</Button>
      </div>
      <ol className="rules">
        {rules.map((rule, index) => (
          <li key={rule.id} className="row">
            <strong>{rule.id}</strong>
            <span className="soft">{speech.word("event", rule.event)}</span>
            <Mark tone="good">{rule.award ? awardText(rule.award, speech) : "–"}</Mark>
            <span className="extra">
              <Button size="small" type="text" aria-label={`${t("ruleForm.up")}: ${rule.id}`} disabled={index === 0} onClick={() => move(index, index - 1)}>↑</Button>
              <Button size="small" type="text" aria-label={`${t("ruleForm.down")}: ${rule.id}`} disabled={index === rules.length - 1} onClick={() => move(index, index + 1)}>↓</Button>
              <Button size="small" aria-label={t("ruleForm.editRule", { id: rule.id })} onClick={() => open(rule)}>{t("do.edit")}</Button>
              <Button size="small" danger type="text" icon={<DeleteOutlined />} aria-label={t("ruleForm.removeRule", { id: rule.id })} onClick={() => onChange(rules.filter((one) => one !== rule))} />
            </span>
          </li>
        ))}
      </ol>
      {edited && (
        <RuleForm
          rule={edited === "new" ? null : edited}
          book={book}
          place={place}
          onClose={() => setEdited(null)}
          onKeep={(rule) => {
            onChange(edited === "new" ? [...rules, rule] : rules.map((one) => (one === edited ? rule : one)));
            setEdited(null);
          }}
        />
      )}
    </>
  );
}

function parse(text: string): { book?: Rulebook; fault?: string } {
  try {
    return { book: JSON.parse(text) as Rulebook };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
