// Small parts that several pages share.

import { Button, Modal, Skeleton, Tooltip } from "antd";
import { CopyOutlined } from "@ant-design/icons";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../lib/use";

export function Page({ title, extra, back, children }: {
  title: ReactNode;
  extra?: ReactNode;
  back?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    if (typeof title === "string") document.title = `${title} · Accrue`;
  }, [title]);
  return (
    <>
      <div className="head">
        {back}
        <h1>{title}</h1>
        {extra && <div className="extra">{extra}</div>}
      </div>
      {children}
    </>
  );
}

export function Section({ title, extra, children, flush }: {
  title?: ReactNode;
  extra?: ReactNode;
  children: ReactNode;
  /** A table reaches to the edges. */
  flush?: boolean;
}) {
  return (
    <section className={flush ? "card flush" : "card"}>
      {(title || extra) && (
        <div className="title">
          {title && <h2>{title}</h2>}
          {extra && <div className="extra">{extra}</div>}
        </div>
      )}
      {children}
    </section>
  );
}

/** One figure with its name. */
export function Figure({ label, value, hint, tone }: {
  label: string;
  value: ReactNode;
  hint?: ReactNode;
  tone?: "good" | "warn" | "bad" | undefined;
}) {
  return (
    <div className={tone ? `figure ${tone}` : "figure"}>
      <dt>{label}</dt>
      <dd>{value}</dd>
      {hint && <dd className="hint">{hint}</dd>}
    </div>
  );
}

export type Tone = "plain" | "good" | "warn" | "bad" | "info";

export function Mark({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`mark ${tone}`}>{children}</span>;
}

/** Points with their sign: what came in green, what went in the plain colour. */
export function Moved({ points }: { points: number }) {
  const format = useFormat();
  return <span className={points > 0 ? "moved in" : "moved"}>{format.signed(points)}</span>;
}

export function Facts({ rows }: { rows: ([string, ReactNode] | false | null | undefined)[] }) {
  return (
    <dl className="facts">
      {rows.filter((row): row is [string, ReactNode] => Boolean(row)).map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Copy({ text }: { text: string }) {
  const { t } = useTranslation();
  const [done, setDone] = useState(false);
  return (
    <Tooltip title={done ? t("do.copied") : t("do.copy")}>
      <Button
        type="text"
        size="small"
        icon={<CopyOutlined />}
        aria-label={t("do.copy")}
        onClick={() => {
          void navigator.clipboard?.writeText(text).then(() => setDone(true));
          setTimeout(() => setDone(false), 2000);
        }}
      />
    </Tooltip>
  );
}

/** The beginning of a long id; the whole one is its title. */
export function Short({ id, length = 8 }: { id: string; length?: number }) {
  return <code title={id}>{id.length > length + 3 ? `…${id.slice(-length)}` : id}</code>;
}

export function Loading({ rows = 4 }: { rows?: number }) {
  const { t } = useTranslation();
  return (
    <div className="loading" role="status" aria-label={t("list.loading")}>
      <Skeleton active title={false} paragraph={{ rows }} />
    </div>
  );
}

/** A dialog around a form; it stays open, with its input, while the server refuses. */
export function Dialog({ open, title, onClose, children, width }: {
  open: boolean;
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
  width?: number;
}) {
  return (
    <Modal open={open} title={title} onCancel={onClose} footer={null} destroyOnHidden mask={{ closable: false }} width={width ?? 480}>
      {children}
    </Modal>
  );
}
