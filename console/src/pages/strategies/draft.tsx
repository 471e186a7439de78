// One draft of the playbook: as a matrix, as flows and as a document, with what it changes, and the
// request to publish it. All views change one document, which is kept when somebody says so.

import { RedoOutlined, UndoOutlined } from "@ant-design/icons";
import { Alert, App, Button, Checkbox, Form, Input, Select } from "antd";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { api, ask, type Problem } from "../../api/client";
import type { Change, Publication } from "../../api/answers";
import { kept, useAsked, useKept, useUnsaved, type Unsaved } from "../../lib/kept";
import { useChange, useFilters, useFormat } from "../../lib/use";
import { may, useSignedIn } from "../../session";
import { changesOf, Diff } from "../../ui/diff";
import { NewerNote } from "../../ui/newer";
import { Dialog, Loading, Mark, Page, Section } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Tabs } from "../../ui/tabs";
import { Buttons } from "../member-actions";
import { Drop, Publish } from "../rules/draft-parts";
import { begun, changed, redone, undone } from "./history";
import { KnownNote } from "./known-note";
import { isMajorChange } from "./major";
import { FaultMark, Matrix } from "./matrix";
import { faultsOf, withStrategies, type Playbook, type PlaybookDraft, type PlaybookFault, type Strategy } from "./playbook";
import { merged } from "./merge";
import { Older } from "./older";
import { ComingNight, RehearsalOf } from "./rehearsal";
import { OwnSegments } from "./segments";
import { SettingsFacts, SettingsForm } from "./settings";
import { StrategyForm, type Part } from "./strategy-form";
import { useKnown } from "./use-known";
import { useSay } from "./words";

const FlowView = lazy(() => import("./flow-view"));
const BackTest = lazy(() => import("./back-test"));

export default function Draft() {
  const { name = "" } = useParams();
  return <Loaded key={name} name={name} />;
}

function Loaded({ name }: { name: string }) {
  const draft = useQuery<PlaybookDraft, Problem>({
    queryKey: ["playbook-draft", name],
    queryFn: () => ask(api.GET("/v1/playbook/drafts/{name}", { params: { path: { name } } })),
    // What is being edited must not be exchanged behind the editor's back.
    refetchOnReconnect: false,
    staleTime: Infinity,
  });
  if (draft.data?.playbook) return <OneDraft draft={draft.data} stored={draft.data.playbook} />;
  return (
    <Page title={name} back={<Back />}>
      <ProblemNote problem={draft.error} retry={() => void draft.refetch()} />
      {!draft.error && <Loading rows={8} />}
    </Page>
  );
}

function Back() {
  const { t } = useTranslation();
  return <Link to="/strategies?tab=drafts" className="soft">{t("rules.drafts")} /</Link>;
}

interface DraftDiff {
  base_version: number;
  changes: Change[];
  major_changes: string[];
}

function OneDraft({ draft, stored }: { draft: PlaybookDraft; stored: Playbook }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const signedIn = useSignedIn();
  const { draft: name } = draft;
  const writes = may(signedIn, "marketing");
  const place = `${signedIn.programme.id}/${signedIn.name}/playbook/${name}`;
  const [before] = useState(() => (writes ? kept<Unsaved<Playbook>>(place) : null));
  const [base, setBase] = useState(before?.base ?? stored);
  // The draft may be read anew while somebody types: what is kept is kept over what the text came from.
  const [over, setOver] = useState(before?.over ?? draft.revision);
  const [history, setHistory] = useState(() => begun(before?.document ?? stored));
  const [filters] = useFilters(["tab", "strategy"]);
  const [edited, setEdited] = useState<{ strategy: Strategy | null; part: Part } | null>(() => {
    const open = kept<{ id: string | null }>(`${place}/strategy`);
    const strategy = history.present.strategies?.find((one) => one.id === open?.id) ?? null;
    return open && writes && (open.id === null || strategy) ? { strategy, part: "name" } : null;
  });
  const [publishing, setPublishing] = useState(false);
  /** Places that another editor changed, too. */
  const [bothChanged, setBothChanged] = useState<string[]>([]);
  /** Of the settings and of the text: something was typed that the draft does not have yet. */
  const [isSettingTyped, setIsSettingTyped] = useState(false);
  const [isTextTyped, setIsTextTyped] = useState(false);
  const isTyped = isSettingTyped || isTextTyped;
  const document = history.present;
  const known = useKnown(document);
  const isChanged = useMemo(() => changesOf(base, document).length > 0, [base, document]);
  // What is typed is rehearsed before it is kept.
  const rehearsed = useMemo(() => ({ playbook: document }), [document]);
  useUnsaved(place, isChanged && writes ? { document, base, over } : null);
  useAsked(isTyped);
  const change = (next: Playbook) => setHistory((one) => changed(one, next));
  /** Goes on from what somebody else has kept. */
  const takes = (theirs: PlaybookDraft, itsDocument: Playbook, next: Playbook) => {
    save.reset();
    queries.setQueryData(["playbook-draft", name], theirs);
    setBase(itsDocument);
    setOver(theirs.revision);
    setBothChanged([]);
    change(next);
  };
  const diff = useQuery<DraftDiff, Problem>({
    queryKey: ["playbook-diff", name, draft.updated_at],
    queryFn: () => ask(api.GET("/v1/playbook/drafts/{name}/diff", { params: { path: { name } } })),
  });
  const save = useChange(
    // What another person has kept meanwhile is not overwritten unasked.
    ({ next, over: read }: { next: Playbook; over: number }, key) =>
      ask<PlaybookDraft>(api.PUT("/v1/playbook/drafts/{name}", { params: { path: { name }, query: { revision: read as never }, header: { "Idempotency-Key": key } }, body: next as never })),
    (answer, { next }) => {
      queries.setQueryData(["playbook-draft", name], { ...answer, playbook: next });
      setBase(next);
      setOver(answer.revision);
      setBothChanged([]);
      void message.success(t("rules.kept"));
    },
  );
  useKeys(writes, () => setHistory(undone), () => setHistory(redone));
  // Faults name places of the document that was kept; strategies are found again by their ids.
  const faults = useMemo(() => present(draft.problems ?? [], base, document), [draft.problems, base, document]);
  const strategies = document.strategies ?? [];
  const put = (strategy: Strategy, was: Strategy | null) => {
    change({ ...document, strategies: was ? strategies.map((one) => (one === was ? strategy : one)) : [...strategies, strategy] });
    setEdited(null);
  };
  const move = (strategy: Strategy, by: number) => {
    const at = strategies.indexOf(strategy);
    const others = strategies.filter((one) => one !== strategy);
    change({ ...document, strategies: [...others.slice(0, at + by), strategy, ...others.slice(at + by)] });
  };
  const shown = strategies.find((one) => one.id === filters.strategy) ?? strategies[0];
  const tabs = [
    { key: "matrix", label: t("strategy.matrix") },
    { key: "flow", label: t("strategy.flow") },
    { key: "settings", label: t("strategy.settings") },
    { key: "rehearsal", label: t("rehearsal.title") },
    { key: "back-test", label: t("lookBack.title") },
    { key: "diff", label: t("rules.changes") },
    { key: "document", label: t("strategy.document") },
  ];
  const tab = tabs.some((one) => one.key === filters.tab) ? filters.tab : "matrix";
  const toFlow = (strategy: Strategy) => void navigate(`/strategies/drafts/${encodeURIComponent(name)}?tab=flow&strategy=${strategy.id}`);
  return (
    <Page
      title={name}
      back={<Back />}
      extra={
        writes && (
          <>
            <Button icon={<UndoOutlined />} disabled={history.past.length === 0} aria-label={t("strategy.undo")} title={t("strategy.undo")} onClick={() => setHistory(undone)} />
            <Button icon={<RedoOutlined />} disabled={history.future.length === 0} aria-label={t("strategy.redo")} title={t("strategy.redo")} onClick={() => setHistory(redone)} />
            <Drop
              name={name}
              remove={(key) => ask(api.DELETE("/v1/playbook/drafts/{name}", { params: { path: { name }, header: { "Idempotency-Key": key } } }))}
              back="/strategies?tab=drafts"
            />
            <Button type={isChanged ? "primary" : "default"} disabled={!isChanged || isTyped} title={isTyped ? t("strategy.takeFirst") : undefined} loading={save.isPending} onClick={() => save.mutate({ next: document, over })}>{t("rules.keep")}</Button>
            <Button type={isChanged ? "default" : "primary"} title={isTyped ? t("strategy.takeFirst") : undefined} disabled={isChanged || isTyped || (draft.problems ?? []).length > 0 || diff.data?.changes.length === 0} onClick={() => setPublishing(true)}>{t("rules.askPublish")}</Button>
          </>
        )
      }
    >
      <p className="row" style={{ marginBottom: 12 }}>
        {isTyped && <Mark tone="warn">{t("strategy.typed", { places: [isSettingTyped && t("strategy.settings"), isTextTyped && t("strategy.document")].filter(Boolean).join(", ") })}</Mark>}
        {isChanged ? <Mark tone="warn">{t("strategy.unsaved")}</Mark> : <FaultMark faults={draft.problems ?? []} />}
        {!isChanged && diff.data && <Mark tone="info">{t("inbox.changesCount", { count: diff.data.changes.length })}</Mark>}
        {!isChanged && diff.data && diff.data.major_changes.length > 0 && <Mark tone="warn">{t("strategy.majorCount", { count: diff.data.major_changes.length })}</Mark>}
        <span className="soft">{t("rules.keptBy", { who: draft.updated_by, at: format.instant(draft.updated_at) })}</span>
      </p>
      {save.error?.slug === "conflict" ? (
        <NewerNote
          name={["playbook-draft", name]}
          find={async () => {
            const found = await ask<PlaybookDraft>(api.GET("/v1/playbook/drafts/{name}", { params: { path: { name } } }));
            return { document: found.playbook ?? {}, stored: found, version: found.revision, by: found.updated_by, at: found.updated_at };
          }}
          document={document}
          onKeep={(theirs) => save.mutate({ next: document, over: theirs })}
          onTake={(theirs) => takes(theirs.stored, theirs.document, theirs.document)}
          more={(theirs) => (
            <Button
              key="both"
              onClick={() => {
                const { document: both, both: places } = merged(base, theirs.document, document);
                takes(theirs.stored, theirs.document, both);
                setBothChanged(places);
              }}
            >
              {t("newer.both")}
            </Button>
          )}
        />
      ) : (
        <ProblemNote problem={save.error} />
      )}
      {bothChanged.length > 0 && <Alert className="problem" type="warning" role="status" showIcon title={t("newer.bothLeft", { places: bothChanged.join(", ") })} />}
      {writes && (
        <Older
          draft={draft}
          over={over}
          document={document}
          onTaken={(answer, body) => {
            queries.setQueryData(["playbook-draft", name], { ...answer, playbook: body });
            setBase(body);
            setOver(answer.revision);
            change(body);
            void message.success(t("older.taken"));
          }}
        />
      )}
      {before !== null && isChanged && history.past.length === 0 && <Alert className="problem" type="info" role="status" showIcon title={t("rules.restored")} />}
      {writes && !edited && <KnownNote known={known} />}
      <Tabs tabs={tabs} active={tab} />
      {tab === "matrix" && (
        <Section
          flush
          title={t("strategy.matrix")}
          extra={
            writes && (
              <>
                <Example document={document} onChange={change} />
                <Button type="primary" onClick={() => setEdited({ strategy: null, part: "name" })}>{t("strategy.new")}</Button>
              </>
            )
          }
        >
          <Matrix
            document={document}
            faults={faults}
            known={known}
            onFlow={toFlow}
            {...(writes
              ? {
                  onEdit: (strategy: Strategy, part: Part) => setEdited({ strategy, part }),
                  onMove: move,
                  onRemove: (strategy: Strategy) => change({ ...document, strategies: strategies.filter((one) => one !== strategy) }),
                }
              : {})}
          />
        </Section>
      )}
      {tab === "flow" && (
        <Section title={shown ? <ChosenStrategy document={document} id={shown.id} onChoose={toFlow} /> : t("strategy.flow")}>
          {shown ? (
            <Suspense fallback={<Loading />}>
              <FlowView
                key={shown.id}
                strategy={shown}
                document={document}
                known={known}
                faults={faultsOf(faults, strategies.indexOf(shown))}
                {...(writes ? { onChange: (next: Strategy) => put(next, shown), onEdit: (part: Part) => setEdited({ strategy: shown, part }) } : {})}
              />
            </Suspense>
          ) : (
            <p className="soft">{t("strategy.none")}</p>
          )}
        </Section>
      )}
      {/* What was typed stays while another part is looked at. */}
      {(writes || tab === "settings") && (
        <div hidden={tab !== "settings"}>
          {writes ? <SettingsForm document={document} faults={faults} place={`${place}/settings`} onChange={change} onTyped={setIsSettingTyped} /> : <SettingsFacts document={document} />}
          <OwnSegments document={document} faults={faults} {...(writes ? { onChange: change } : {})} />
        </div>
      )}
      {tab === "rehearsal" && <RehearsalOf of={rehearsed} document={document} />}
      {tab === "back-test" && <Suspense fallback={<Loading />}><BackTest of={rehearsed} document={document} /></Suspense>}
      {tab === "diff" && <Changes diff={diff.data} problem={diff.error} isChanged={isChanged} />}
      {(writes || tab === "document") && <div hidden={tab !== "document"}><Document document={document} faults={faults} place={`${place}/text`} {...(writes ? { onChange: change, onTyped: setIsTextTyped } : {})} /></div>}
      {edited && (
        <StrategyForm
          strategy={edited.strategy}
          taken={strategies.map((one) => one.id)}
          known={known}
          faults={edited.strategy ? faultsOf(faults, strategies.indexOf(edited.strategy)) : []}
          part={edited.part}
          place={`${place}/strategy`}
          onKeep={(strategy) => put(strategy, edited.strategy)}
          onClose={() => setEdited(null)}
        />
      )}
      {publishing && (
        <Publish
          draft={name}
          lead={t("strategy.publishLead")}
          request={(body, key) => ask<Publication>(api.POST("/v1/playbook/drafts/{name}/publication", { params: { path: { name }, header: { "Idempotency-Key": key } }, body }))}
          onClose={() => setPublishing(false)}
        >
          <ComingNight draft={name} document={document} />
        </Publish>
      )}
    </Page>
  );
}

/** Faults of the kept document at their places in the one that is edited; those of changed strategies are asked again. */
export function present(faults: PlaybookFault[], base: Playbook, document: Playbook): PlaybookFault[] {
  return faults.flatMap((fault) => {
    const [, place, rest] = /^\/strategies\/(\d+)(.*)$/.exec(fault.pointer) ?? [];
    if (place === undefined) return [fault];
    const was = base.strategies?.[Number(place)];
    const at = (document.strategies ?? []).findIndex((one) => one.id === was?.id);
    if (!was || at < 0 || changesOf(was, document.strategies?.[at]).length > 0) return [];
    return [{ ...fault, pointer: `/strategies/${at}${rest}` }];
  });
}

function useKeys(enabled: boolean, undo: () => void, redo: () => void) {
  useEffect(() => {
    if (!enabled) return undefined;
    const press = (event: KeyboardEvent) => {
      // A field undoes what was typed in it.
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || (event.target as HTMLElement).closest("input, textarea, [role=dialog]")) return;
      event.preventDefault();
      if (event.shiftKey) redo();
      else undo();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
}

function ChosenStrategy({ document, id, onChoose }: { document: Playbook; id: string; onChoose: (strategy: Strategy) => void }) {
  const { t } = useTranslation();
  const say = useSay(document);
  const strategies = document.strategies ?? [];
  return (
    <Select
      aria-label={t("strategy.one")}
      value={id}
      onChange={(next) => {
        const strategy = strategies.find((one) => one.id === next);
        if (strategy) onChoose(strategy);
      }}
      options={strategies.map((one) => ({ value: one.id, label: say.name(one.name, one.id) }))}
      style={{ width: "min(340px, 70vw)" }}
    />
  );
}

function Changes({ diff, problem, isChanged }: { diff: DraftDiff | undefined; problem: Problem | null; isChanged: boolean }) {
  const { t } = useTranslation();
  const major = diff?.major_changes ?? [];
  return (
    <Section>
      <ProblemNote problem={problem} />
      {isChanged && <Alert className="problem" type="info" role="status" showIcon title={t("strategy.diffOfKept")} />}
      {major.length > 0 && (
        <p style={{ marginBottom: 8 }}>{t("publications.major")}: {major.map((one) => <code key={one} className="bit">{one}</code>)}</p>
      )}
      {diff ? <Diff changes={diff.changes} isMajor={(pointer) => isMajorChange(pointer, major)} /> : !problem && <Loading />}
    </Section>
  );
}

/** The whole document as JSON, for what no form shows. */
function Document({ document, faults, place, onChange, onTyped }: {
  document: Playbook;
  faults: PlaybookFault[];
  /** Where what was typed is kept over a reload. */
  place: string;
  onChange?: (document: Playbook) => void;
  onTyped?: (isTyped: boolean) => void;
}) {
  const { t } = useTranslation();
  const stored = useMemo(() => JSON.stringify(document, null, 2), [document]);
  const [before] = useState(() => (onChange ? kept<{ text: string; base: string }>(place) : null));
  const [text, setText] = useState(before?.text ?? stored);
  // What the text came from: a change from elsewhere does not take away what was typed.
  const [base, setBase] = useState(before?.base ?? stored);
  if (base !== stored && text === base) {
    setBase(stored);
    setText(stored);
  }
  const isTyped = text !== stored;
  useEffect(() => onTyped?.(isTyped), [isTyped, onTyped]);
  useKept(place, isTyped ? { text, base } : null);
  const parsed = useMemo((): { book?: Playbook; fault?: string } => {
    try {
      return { book: JSON.parse(text) as Playbook };
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) };
    }
  }, [text]);
  if (!onChange) return <Section><pre>{stored}</pre></Section>;
  return (
    <Section>
      {faults.length > 0 && (
        <ul className="faults" aria-label={t("rules.faults", { count: faults.length })} style={{ marginBottom: 12 }}>
          {faults.map((fault) => <li key={fault.pointer + fault.detail}><code>{fault.pointer}</code> <span lang="en">{fault.detail}</span></li>)}
        </ul>
      )}
      <div className="editor">
        <Input.TextArea aria-label={t("strategy.document")} value={text} onChange={(event) => setText(event.target.value)} autoSize={{ minRows: 16, maxRows: 36 }} spellCheck={false} status={parsed.fault ? "error" : ""} />
      </div>
      {parsed.fault && <p className="fault small" role="alert">{t("problem.malformed-json")}: <span lang="en">{parsed.fault}</span></p>}
      {base !== stored && <Alert className="problem" type="warning" role="status" showIcon title={t("strategy.changedSince")} />}
      <div className="row" style={{ justifyContent: "flex-end", marginTop: 12 }}>
        <Button disabled={!isTyped} onClick={() => {
          setBase(stored);
          setText(stored);
        }}>{t("rules.undo")}</Button>
        <Button type="primary" disabled={!isTyped || !parsed.book} onClick={() => {
          if (!parsed.book) return;
          setBase(text);
          onChange(parsed.book);
        }}>{t("ruleForm.keep")}</Button>
      </div>
    </Section>
  );
}

/** The ready-made strategies, to take into the draft. */
function Example({ document, onChange }: { document: Playbook; onChange: (document: Playbook) => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [open, setOpen] = useState(false);
  const example = useQuery<Playbook>({ queryKey: ["playbook-example"], queryFn: async () => (await import("./example")).EXAMPLE, enabled: open, staleTime: Infinity });
  const say = useSay(example.data ?? {});
  const taken = new Set((document.strategies ?? []).map((one) => one.id));
  const offered = example.data?.strategies ?? [];
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t("strategy.example")}</Button>
      <Dialog open={open} title={t("strategy.example")} onClose={() => setOpen(false)} width={640}>
        {example.data ? (
          <Form
            layout="vertical"
            initialValues={{ ids: offered.map((one) => one.id).filter((id) => !taken.has(id)), caps: (document.caps ?? []).length === 0 }}
            onFinish={({ ids, caps }: { ids: string[]; caps: boolean }) => {
              const next = withStrategies(document, example.data, ids);
              onChange(caps && example.data.caps ? { ...next, caps: example.data.caps } : next);
              void message.info(t("strategy.taken", { count: ids.length }));
              setOpen(false);
            }}
          >
            <p className="quiet">{t("strategy.exampleLead")}</p>
            <Form.Item name="ids" label={t("strategy.readyMade")}>
              <Checkbox.Group className="list" options={offered.map((one) => ({ value: one.id, disabled: taken.has(one.id), label: say.name(one.name, one.id) }))} />
            </Form.Item>
            <Form.Item name="caps" valuePropName="checked"><Checkbox>{t("strategy.exampleCaps")}</Checkbox></Form.Item>
            <Buttons busy={false} onClose={() => setOpen(false)} label={t("ruleForm.keep")} />
          </Form>
        ) : (
          <Loading />
        )}
      </Dialog>
    </>
  );
}
