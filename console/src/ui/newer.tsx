// What somebody else has kept meanwhile: what differs from what stands here, and which of the two counts.

import { Alert, Button, Modal } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Problem } from "../api/client";
import { useFormat } from "../lib/use";
import { changesOf, Diff } from "./diff";
import { Loading } from "./parts";
import { ProblemNote } from "./problem";

/** What is kept now. */
export interface Newer<T, S> {
  document: T;
  /** As the server answered. */
  stored: S;
  /** Counts what was kept under this name. */
  version: number;
  by: string;
  at: string;
}

interface NewerProps<T, S> {
  /** Names the document in the cache. */
  name: string[];
  find: () => Promise<Newer<T, S>>;
  /** What stands here. */
  document: T;
  /** Keeps what stands here, over the version that was looked at; 0 where it is gone. */
  onKeep: (over: number) => void;
  onTake: (kept: Newer<T, S>) => void;
  /** Offers another way, such as to put both together. */
  more?: (kept: Newer<T, S>) => ReactNode;
}

/** Says that there is something newer, and shows it. */
export function NewerNote<T, S>(props: NewerProps<T, S>) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Alert
        className="problem"
        type="warning"
        role="alert"
        showIcon
        title={t("newer.title")}
        action={<Button size="small" onClick={() => setOpen(true)}>{t("newer.compare")}</Button>}
      />
      {open && <NewerDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function NewerDialog<T, S>({ name, find, document, onKeep, onTake, more, onClose }: NewerProps<T, S> & { onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const found = useQuery<Newer<T, S>, Problem>({ queryKey: ["newer", ...name], queryFn: find, gcTime: 0 });
  // It may be gone by now: then what stands here is new.
  const isGone = found.error?.slug === "resource-not-found";
  return (
    <Modal
      open
      title={t("newer.title")}
      onCancel={onClose}
      width={820}
      footer={[
        <Button key="close" onClick={onClose}>{t("do.cancel")}</Button>,
        found.data && more?.(found.data),
        <Button key="take" disabled={!found.data} onClick={() => found.data && onTake(found.data)}>{t("newer.take")}</Button>,
        <Button key="keep" danger disabled={!found.data && !isGone} onClick={() => onKeep(found.data?.version ?? 0)}>{t("newer.keep")}</Button>,
      ]}
    >
      {isGone ? <Alert type="info" showIcon title={t("newer.isGone")} /> : <ProblemNote problem={found.error} retry={() => void found.refetch()} />}
      {found.isPending && <Loading />}
      {found.data && (
        <>
          <p className="quiet">{t("newer.lead", { version: found.data.version, who: found.data.by, at: format.instant(found.data.at) })}</p>
          <Diff changes={changesOf(found.data.document, document)} />
        </>
      )}
    </Modal>
  );
}
