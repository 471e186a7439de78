// Small parts that several pages share.

import { App, Button, Modal, Skeleton, Tooltip } from "antd";
import { CopyOutlined } from "@ant-design/icons";
import { createContext, useContext, useEffect, useRef, useState, type ReactNode, type SyntheticEvent } from "react";
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

/** How a dialog is left without what was entered. */
const Leaving = createContext<((close: () => void) => void) | null>(null);

/** Closes the dialog that it is in; it asks first where something was entered. */
export function LeaveButton({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  const leave = useContext(Leaving);
  return <Button onClick={() => (leave ? leave(onClose) : onClose())}>{children}</Button>;
}

/** What a press enters: choices, days, switches and rows of a list. Typing and ticking tell so themselves. */
const CHOICES = ".ant-select-item-option, .ant-select-selection-item-remove, .ant-select-clear, .ant-picker-dropdown, .ant-picker-clear, .ant-switch, .ant-input-number-handler, fieldset button";

/** A dialog around a form; it stays open, with its input, while the server refuses. */
export function Dialog({ open, title, onClose, children, width, done = false }: {
  open: boolean;
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
  width?: number;
  /** What was entered has been taken: nothing is lost any more. */
  done?: boolean;
}) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const isTouched = useRef(false);
  const isAsking = useRef(false);
  const touch = () => {
    isTouched.current = true;
  };
  const press = (event: SyntheticEvent) => {
    if (event.target instanceof Element && event.target.closest(CHOICES)) touch();
  };
  const leave = (close: () => void) => {
    if (!isTouched.current || done) return close();
    if (isAsking.current) return undefined;
    isAsking.current = true;
    let isDropped = false;
    modal.confirm({
      title: t("form.discardTitle"),
      okText: t("form.discard"),
      cancelText: t("form.goOn"),
      okButtonProps: { danger: true },
      autoFocusButton: "cancel",
      onOk: () => {
        isDropped = true;
      },
      // The question first gives the focus back to the dialog, and that to what opened it.
      afterClose: () => {
        isAsking.current = false;
        if (isDropped) close();
      },
    });
    return undefined;
  };
  useFocusBack(open);
  useEffect(() => {
    if (!open) isTouched.current = false;
  }, [open]);
  return (
    <Modal open={open} title={title} onCancel={() => leave(onClose)} footer={null} destroyOnHidden mask={{ closable: false }} width={width ?? 480}>
      {/* Lists and days open elsewhere on the page, and still are of this dialog. */}
      <div onInputCapture={touch} onChangeCapture={touch} onClickCapture={press}>
        <Leaving value={leave}>{children}</Leaving>
      </div>
    </Modal>
  );
}

/** Focuses what opened a dialog once that is gone, also where it is unmounted at once. */
function useFocusBack(open: boolean): void {
  const before = useRef<Element | null>(null);
  const wasOpen = useRef(false);
  // The dialog takes the focus as soon as it is drawn, so this looks before.
  if (open && !wasOpen.current) before.current = document.activeElement;
  wasOpen.current = open;
  useEffect(() => {
    if (!open) return undefined;
    return () => {
      const opener = before.current;
      // Where something else took the focus meanwhile, it keeps it.
      const isLost = document.activeElement === null || document.activeElement === document.body;
      if (isLost && opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
    };
  }, [open]);
}
