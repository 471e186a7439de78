// The playbook as a matrix: one row a strategy, in the order in which they go. In a draft each cell
// opens the form at its place.

import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Mark } from "../../ui/parts";
import { Table } from "../../ui/table";
import { faultsOf, isAhead, templatesOf, type Playbook, type PlaybookFault, type Strategy } from "./playbook";
import { partOf, type Part } from "./strategy-form";
import type { Known } from "./use-known";
import { useSay } from "./words";

interface Props {
  document: Playbook;
  faults: PlaybookFault[];
  known: Known;
  /** Without it, the matrix is only read. */
  onEdit?: (strategy: Strategy, part: Part) => void;
  onMove?: (strategy: Strategy, by: -1 | 1) => void;
  onRemove?: (strategy: Strategy) => void;
  onFlow: (strategy: Strategy) => void;
}

export function Matrix({ document, faults, known, onEdit, onMove, onRemove, onFlow }: Props) {
  const { t } = useTranslation();
  const say = useSay(document, known.keptSegments);
  const strategies = document.strategies ?? [];
  const placeOf = (strategy: Strategy) => strategies.indexOf(strategy);
  /** Each fault once, however often it is told. */
  const told = (strategy: Strategy, isOfCell: (pointer: string) => boolean) =>
    [...new Set(faultsOf(faults, placeOf(strategy)).filter((fault) => isOfCell(fault.pointer)).map((fault) => fault.detail))].map((detail) => <span key={detail} className="fault small" lang="en">{detail}</span>);
  const cell = (strategy: Strategy, part: Part, title: string, lines: string[], shown?: ReactNode) => {
    const text = lines.filter(Boolean);
    const body = shown ?? (text.length === 0 ? <span className="soft">–</span> : text.map((line) => <Fragment key={line}><span className="bit">{line}</span>{" "}</Fragment>));
    return (
      <div>
        {onEdit ? (
          <button type="button" className="cell" aria-label={`${strategy.id}, ${title}: ${text.join(" ") || "–"}`} onClick={() => onEdit(strategy, part)}>{body}</button>
        ) : (
          <span className="cell">{body}</span>
        )}
        {told(strategy, (pointer) => partOf(pointer) === part && !pointer.endsWith("/template"))}
      </div>
    );
  };
  const channelLines = (strategy: Strategy): string[] => {
    const { send, sequence, trigger } = strategy;
    if (!sequence) return send ? [say.channels(send)] : [];
    const ahead = isAhead(trigger.kind);
    return sequence.nodes.map((step) => `${say.day(step.days_before ?? step.days_after ?? 0, ahead)}: ${say.channels({ channels: step.channels?.length ? step.channels : send?.channels ?? [], mode: step.mode ?? send?.mode ?? "all" })}`);
  };
  const title = { name: t("strategy.one"), segment: t("strategy.segment"), trigger: t("strategy.trigger"), condition: t("strategy.condition"), action: t("strategy.action"), channels: t("strategy.channels"), template: t("strategy.template"), bounds: t("strategy.bounds") };
  return (
    <div className="matrix">
      <Table
        label={t("strategy.matrix")}
        rows={strategies}
        id={(row) => row.id}
        empty={t("strategy.none")}
        columns={[
          { title: title.name, main: true, wrap: true, show: (row) => cell(row, "name", title.name, [say.name(row.name, row.id), row.id], <><strong>{say.name(row.name, row.id)}</strong> <span className="soft small bit">{row.id}</span></>) },
          { title: title.segment, wrap: true, show: (row) => cell(row, "segment", title.segment, [say.segment(row.segment)]) },
          { title: title.trigger, wrap: true, show: (row) => cell(row, "trigger", title.trigger, [say.trigger(row)]) },
          { title: title.condition, wrap: true, show: (row) => cell(row, "condition", title.condition, say.conditions(row)) },
          { title: title.action, wrap: true, show: (row) => cell(row, "action", title.action, say.actions(row.action)) },
          { title: title.channels, wrap: true, show: (row) => cell(row, "message", title.channels, channelLines(row)) },
          { title: title.template, wrap: true, show: (row) => (
            <div>
              <span className="cell">{templatesOf(row).map((one) => <code key={one} className="bit">{one}</code>)}{templatesOf(row).length === 0 && "–"}</span>
              {told(row, (pointer) => pointer.endsWith("/template"))}
            </div>
          ) },
          { title: title.bounds, wrap: true, show: (row) => cell(row, "more", title.bounds, bounds(row)) },
          {
            title: t("do.title"),
            show: (row) => (
              <span className="row">
                <Button size="small" aria-label={`${t("strategy.flow")}: ${row.id}`} onClick={() => onFlow(row)}>{t("strategy.flow")}</Button>
                {onMove && (
                  <>
                    <Button size="small" type="text" icon={<ArrowUpOutlined />} disabled={placeOf(row) === 0} aria-label={`${t("ruleForm.up")}: ${row.id}`} onClick={() => onMove(row, -1)} />
                    <Button size="small" type="text" icon={<ArrowDownOutlined />} disabled={placeOf(row) === strategies.length - 1} aria-label={`${t("ruleForm.down")}: ${row.id}`} onClick={() => onMove(row, 1)} />
                  </>
                )}
                {onRemove && <Button size="small" type="text" danger icon={<DeleteOutlined />} aria-label={`${t("strategy.remove")}: ${row.id}`} onClick={() => onRemove(row)} />}
              </span>
            ),
          },
        ]}
      />
    </div>
  );

  function bounds({ priority, match, holdout_percent, budget, stop_when, from, until }: Strategy): string[] {
    return [
      t("strategy.priorityOf", { priority: priority ?? 0 }) + (match === "first" ? ` · ${t("strategy.firstShort")}` : ""),
      t("strategy.holdoutOf", { percent: holdout_percent ?? 10 }),
      budget ? t("strategy.hasBudget") : "",
      stop_when?.length ? t("strategy.stops", { when: stop_when.map((one) => say.speech.word("stop", one)).join(", ") }) : "",
      from || until ? `${from ?? "…"} – ${until ?? "…"}` : "",
    ];
  }
}

/** How many faults a document has, or that it has none. */
export function FaultMark({ faults }: { faults: PlaybookFault[] }) {
  const { t } = useTranslation();
  return faults.length > 0 ? <Mark tone="bad">{t("rules.faults", { count: faults.length })}</Mark> : <Mark tone="good">{t("rules.sound")}</Mark>;
}
