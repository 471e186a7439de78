// One template: its texts by channel, both languages side by side, with faults at their place and the
// messages that members would get. What is typed is kept in the tab until somebody saves it.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Alert, App, Button, Segmented, Select } from "antd";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useNavigate, useParams } from "react-router";
import { api, ask, type Problem } from "../../api/client";
import { drop, kept, useUnsaved, type Unsaved } from "../../lib/kept";
import { useChange, useFilters, useFormat, useWord } from "../../lib/use";
import { may, useSignedIn } from "../../session";
import { changesOf } from "../../ui/diff";
import { NewerNote } from "../../ui/newer";
import { Loading, Mark, Page, Section } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Tabs } from "../../ui/tabs";
import { Remove } from "./remove";
import { MessageShown, OccasionFields, SAMPLE, useShown } from "./shown";
import { FaultLine, TextFields } from "./text-fields";
import { bodyOf, CHANNELS, faultsBelow, LANGUAGES, once, PURPOSES, withChannel, withoutChannel, withText, type Channel, type Document, type Fault, type Template } from "./template";
import { Trial } from "./trial";
import { Versions } from "./versions";

export default function EditTemplate() {
  const { id = "" } = useParams();
  return <Loaded key={id} id={id} />;
}

function Back() {
  const { t } = useTranslation();
  return <Link to="/templates" className="soft">{t("templates.title")} /</Link>;
}

function Loaded({ id }: { id: string }) {
  const signedIn = useSignedIn();
  const location = useLocation();
  const found = useQuery<Template, Problem>({
    queryKey: ["template", id],
    queryFn: () => ask(api.GET("/v1/templates/{id}", { params: { path: { id } } })),
    // What is being edited must not be exchanged behind the editor's back.
    refetchOnReconnect: false,
    staleTime: Infinity,
  });
  const place = `${signedIn.programme.id}/${signedIn.name}/template/${id}`;
  const isNew = found.error?.slug === "resource-not-found" && may(signedIn, "marketing");
  const begun = isNew ? (kept<Unsaved<Document | null>>(place)?.document ?? (location.state as { begun?: Document } | null)?.begun) : null;
  if (found.data) return may(signedIn, "marketing") ? <Edited id={id} place={place} stored={found.data} /> : <Read template={found.data} />;
  if (begun) return <Edited id={id} place={place} stored={null} begun={begun} />;
  return (
    <Page title={id} back={<Back />}>
      <ProblemNote problem={found.error} retry={() => void found.refetch()} />
      {!found.error && <Loading rows={8} />}
    </Page>
  );
}

function Edited({ id, place, stored, begun }: { id: string; place: string; stored: Template | null; begun?: Document }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [filters, setFilters] = useFilters(["tab", "channel"]);
  const [before] = useState(() => kept<Unsaved<Document | null>>(place));
  const [base, setBase] = useState<Document | null>(before ? before.base : stored);
  // The template may be read anew while somebody types: it is kept over what the text came from.
  const [over, setOver] = useState(before?.over ?? stored?.version ?? 0);
  const [document, setDocument] = useState<Document>(() => before?.document ?? stored ?? begun ?? { purpose: "service", texts: {} });
  const [touched, setTouched] = useState(false);
  const [strict, setStrict] = useState(false);
  const [occasion, setOccasion] = useState(SAMPLE);
  const [removing, setRemoving] = useState(false);
  const [trying, setTrying] = useState(false);
  const body = useMemo(() => bodyOf(document), [document]);
  const isChanged = useMemo(() => base === null || changesOf(bodyOf(base), body).length > 0, [base, body]);
  useUnsaved(place, isChanged ? { document, base, over } : null);
  const { checked, shown, problem, memberProblem } = useShown(body, occasion, true);
  const save = useChange(
    // What another person has kept meanwhile is not overwritten unasked.
    ({ next, over: read }: { next: Document; over: number }, key) =>
      ask<Template>(api.PUT("/v1/templates/{id}", { params: { path: { id }, query: { base_version: read as never }, header: { "Idempotency-Key": key } }, body: bodyOf(next) })),
    (answer, { next }) => {
      drop(place);
      queries.setQueryData(["template", id], { ...answer, texts: next.texts });
      setBase(next);
      setOver(answer.version);
      setStrict(false);
      void message.success(t("templates.kept", { version: answer.version }));
    },
  );
  const change = (next: Document) => {
    setTouched(true);
    if (save.error) save.reset();
    setDocument(next);
  };
  const faults = once([...(checked?.faults ?? []), ...(save.error?.errors ?? [])]);
  const ofPage = faults.filter(({ pointer }) => !pointer.startsWith("/texts/"));
  const channels = CHANNELS.filter((channel) => document.texts[channel]);
  const missing = CHANNELS.filter((channel) => !document.texts[channel]);
  const channel = channels.find((one) => one === filters.channel) ?? channels[0];
  const tabs = [{ key: "texts", label: t("templates.texts") }, ...(stored ? [{ key: "versions", label: t("rules.versions") }] : [])];
  const tab = tabs.some((one) => one.key === filters.tab) ? filters.tab : "texts";
  const open = (next: Channel) => setFilters({ channel: next });
  return (
    <Page
      title={id}
      back={<Back />}
      extra={
        <>
          {stored && <Button onClick={() => setRemoving(true)}>{t("templates.remove")}</Button>}
          {stored && <Button disabled={isChanged} title={isChanged ? t("trial.saveFirst") : undefined} onClick={() => setTrying(true)}>{t("trial.open")}</Button>}
          {(base === null || isChanged) && (
            <Button
              onClick={() => {
                drop(place);
                if (base === null) void navigate("/templates");
                else {
                  setBase(stored);
                  setOver(stored?.version ?? 0);
                  setDocument(stored ?? base);
                }
              }}
            >
              {t("rules.undo")}
            </Button>
          )}
          <Button
            type="primary"
            disabled={!isChanged}
            loading={save.isPending}
            onClick={() => {
              setStrict(true);
              save.mutate({ next: document, over });
            }}
          >
            {t("do.save")}
          </Button>
        </>
      }
    >
      <p className="row" style={{ marginBottom: 12 }}>
        {isChanged && <Mark tone="warn">{t("strategy.unsaved")}</Mark>}
        {faults.length > 0 && (strict || !isBlank(document)) ? <Mark tone="bad">{t("rules.faults", { count: faults.length })}</Mark> : !isChanged && <Mark tone="good">{t("rules.sound")}</Mark>}
        {stored && <span className="soft">{t("overview.version", { version: stored.version })} · {t("rules.keptBy", { who: stored.updated_by, at: format.instant(stored.updated_at) })}</span>}
      </p>
      {/* Faults of texts stand at their fields. */}
      {save.error?.slug === "conflict" ? (
        <NewerNote
          name={["template", id]}
          find={async () => {
            const found = await ask<Template>(api.GET("/v1/templates/{id}", { params: { path: { id } } }));
            return { document: bodyOf(found), stored: found, version: found.version, by: found.updated_by, at: found.updated_at };
          }}
          document={body}
          onKeep={(theirs) => save.mutate({ next: document, over: theirs })}
          onTake={(kept) => {
            drop(place);
            save.reset();
            queries.setQueryData(["template", id], kept.stored);
            setBase(kept.stored);
            setOver(kept.version);
            setDocument(kept.stored);
          }}
        />
      ) : (
        <ProblemNote problem={save.error} except={({ pointer }) => pointer.startsWith("/texts/")} />
      )}
      {before !== null && isChanged && !touched && <Alert className="problem" type="info" role="status" showIcon title={t("templates.restored")} />}
      <Tabs tabs={tabs} active={tab} />
      {tab === "versions" ? (
        <Versions
          id={id}
          onTake={(version) => {
            change(version);
            setFilters({ tab: "" });
          }}
        />
      ) : (
        <>
          <Section>
            <div className="filters">
              <label>
                {t("templates.purpose")}
                <Select aria-label={t("templates.purpose")} value={document.purpose} onChange={(purpose) => change({ ...document, purpose })} options={PURPOSES.map((value) => ({ value, label: word("purpose", value) }))} style={{ minWidth: 130 }} />
              </label>
              {channels.length > 1 && channel && (
                <Segmented
                  aria-label={t("strategy.channels")}
                  value={channel}
                  onChange={open}
                  options={channels.map((value) => ({ value, label: `${word("contactChannel", value)}${faultsBelow(faults, `/texts/${value}`).length > 0 && (strict || value === channel) ? " !" : ""}` }))}
                />
              )}
              {missing.length > 0 && (
                <Select
                  aria-label={t("templates.addChannel")}
                  value={null}
                  placeholder={t("templates.addChannel")}
                  onChange={(next: Channel | null) => {
                    if (!next) return;
                    change(withChannel(document, next));
                    open(next);
                  }}
                  options={missing.map((value) => ({ value, label: word("contactChannel", value) }))}
                  style={{ minWidth: 140 }}
                />
              )}
            </div>
            <p className="soft small">{t(document.purpose === "service" ? "templates.serviceHint" : "templates.marketingHint")}</p>
            {strict && ofPage.map((fault) => <FaultLine key={fault.pointer + fault.detail} fault={fault} />)}
          </Section>
          <Section title={t("templates.preview")}>
            <OccasionFields occasion={occasion} problem={problem ?? memberProblem} onChange={setOccasion} />
          </Section>
          {channel ? (
            <OfChannel
              key={channel}
              channel={channel}
              document={document}
              faults={faultsBelow(faults, `/texts/${channel}`)}
              shown={shown}
              strict={strict}
              needs={checked?.needs[channel] ?? []}
              onChange={change}
            />
          ) : (
            <Section><p className="soft">{t("templates.noChannel")}</p></Section>
          )}
        </>
      )}
      {trying && <Trial id={id} occasion={occasion} onClose={() => setTrying(false)} />}
      {removing && <Remove id={id} onClose={() => setRemoving(false)} onDone={() => void navigate("/templates")} />}
    </Page>
  );
}

/** Whether nothing was written yet: then nobody wants to hear what is missing. */
function isBlank({ texts }: Document): boolean {
  return Object.values(texts).every((languages) => Object.values(languages).every((text) => text.body === ""));
}

function OfChannel({ channel, document, faults, shown, strict, needs, onChange }: {
  channel: Channel;
  document: Document;
  faults: Fault[];
  shown: ReturnType<typeof useShown>["shown"];
  strict: boolean;
  needs: string[];
  onChange: (document: Document) => void;
}) {
  const { t } = useTranslation();
  const word = useWord();
  const texts = document.texts[channel] ?? {};
  const own = faults.filter(({ pointer }) => !LANGUAGES.some((language) => pointer.startsWith(`/${language}`)));
  return (
    <section aria-label={word("contactChannel", channel)}>
      {own.map((fault) => <FaultLine key={fault.pointer + fault.detail} fault={fault} />)}
      <div className="columns languages">
        {LANGUAGES.map((language) => {
          const text = texts[language];
          const message = shown?.messages.find((one) => one.channel === channel && one.language === language);
          return (
            <Section
              key={language}
              title={`${word("contactChannel", channel)} · ${word("language", language)}`}
              extra={
                text && language === "en" ? (
                  <Button size="small" icon={<DeleteOutlined />} onClick={() => onChange(withText(document, channel, language, null))}>{t("templates.removeLanguage")}</Button>
                ) : text ? (
                  <Button size="small" icon={<DeleteOutlined />} onClick={() => onChange(withoutChannel(document, channel))}>{t("templates.removeChannel")}</Button>
                ) : null
              }
            >
              {text ? (
                <TextFields
                  channel={channel}
                  language={language}
                  text={text}
                  faults={faultsBelow(faults, `/${language}`)}
                  size={message?.sms ?? null}
                  strict={strict}
                  onChange={(next) => onChange(withText(document, channel, language, next))}
                />
              ) : (
                <p className="row">
                  <span className="soft">{t("templates.noEnglish")}</span>
                  <Button icon={<PlusOutlined />} onClick={() => onChange(withText(document, channel, language, { body: "" }))}>{t("templates.addLanguage")}</Button>
                </p>
              )}
              {/* Of what is not written yet nothing is shown, nor told. */}
              {(text ?? texts["zh-CN"])?.body && <MessageShown message={message} channel={channel} needs={text ? needs : []} />}
            </Section>
          );
        })}
      </div>
    </section>
  );
}

/** For persons who do not write templates. */
function Read({ template }: { template: Template }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  return (
    <Page title={template.template_id} back={<Back />}>
      <p className="row" style={{ marginBottom: 12 }}>
        <Mark tone="info">{word("purpose", template.purpose)}</Mark>
        <span className="soft">{t("overview.version", { version: template.version })} · {t("rules.keptBy", { who: template.updated_by, at: format.instant(template.updated_at) })}</span>
      </p>
      <div className="columns">
        {CHANNELS.flatMap((channel) =>
          LANGUAGES.map((language) => {
            const text = template.texts[channel]?.[language];
            return (
              text && (
                <Section key={channel + language} title={`${word("contactChannel", channel)} · ${word("language", language)}`}>
                  {text.title && <pre lang={language}><strong>{text.title}</strong></pre>}
                  <pre lang={language}>{text.body}</pre>
                </Section>
              )
            );
          }),
        )}
      </div>
    </Page>
  );
}
