// A template that somebody else has kept meanwhile: what differs, and which of the two counts.

import { Alert, Button, Modal } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../../api/client";
import { useFormat } from "../../lib/use";
import { changesOf, Diff } from "../../ui/diff";
import { Loading } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { bodyOf, type Document, type Template } from "./template";

export function Newer({ id, document, onKeep, onTake, onClose }: {
  id: string;
  document: Document;
  /** Keeps what stands here, over the version that was looked at. */
  onKeep: (over: number) => void;
  onTake: (kept: Template) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const found = useQuery<Template, Problem>({
    queryKey: ["template-newer", id],
    queryFn: () => ask(api.GET("/v1/templates/{id}", { params: { path: { id } } })),
    gcTime: 0,
  });
  // It may be gone by now: then what stands here is new.
  const isGone = found.error?.slug === "resource-not-found";
  return (
    <Modal
      open
      title={t("templates.newer")}
      onCancel={onClose}
      width={820}
      footer={[
        <Button key="close" onClick={onClose}>{t("do.cancel")}</Button>,
        <Button key="take" disabled={!found.data} onClick={() => found.data && onTake(found.data)}>{t("templates.takeNewer")}</Button>,
        <Button key="keep" danger disabled={!found.data && !isGone} onClick={() => onKeep(found.data?.version ?? 0)}>{t("templates.keepOver")}</Button>,
      ]}
    >
      {isGone ? <Alert type="info" showIcon title={t("templates.isGone")} /> : <ProblemNote problem={found.error} retry={() => void found.refetch()} />}
      {found.isPending && <Loading />}
      {found.data && (
        <>
          <p className="quiet">{t("templates.newerLead", { version: found.data.version, who: found.data.updated_by, at: format.instant(found.data.updated_at) })}</p>
          <Diff changes={changesOf(bodyOf(found.data), bodyOf(document))} />
        </>
      )}
    </Modal>
  );
}
