// Removes a template, after saying which strategies name it.

import { App, Form } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, ask, type Problem } from "../../api/client";
import { useChange } from "../../lib/use";
import { Dialog } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Buttons } from "../member-actions";
import { templatesOf, type PublishedPlaybook } from "../strategies/playbook";
import { useSay } from "../strategies/words";

export function Remove({ id, onClose, onDone }: { id: string; onClose: () => void; onDone?: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const found = useQuery<PublishedPlaybook, Problem>({ queryKey: ["playbook"], queryFn: () => ask(api.GET("/v1/playbook", {})) });
  const say = useSay(found.data?.playbook ?? {});
  const named = (found.data?.playbook.strategies ?? []).filter((one) => templatesOf(one).includes(id));
  const change = useChange(
    (_: null, key) => ask(api.DELETE("/v1/templates/{id}", { params: { path: { id }, header: { "Idempotency-Key": key } } })),
    () => {
      void message.success(t("templates.removed"));
      onClose();
      onDone?.();
    },
  );
  return (
    <Dialog open title={t("templates.removeTitle", { id })} onClose={onClose}>
      <Form onFinish={() => change.mutate(null)}>
        <p className="quiet">{t("templates.removeLead")}</p>
        {named.length > 0 && (
          <p className="fault" style={{ marginBottom: 12 }}>{t("templates.named", { strategies: named.map((one) => say.name(one.name, one.id)).join(", ") })}</p>
        )}
        <ProblemNote problem={change.error ?? found.error} />
        <Buttons busy={change.isPending} onClose={onClose} danger label={t("templates.remove")} />
      </Form>
    </Dialog>
  );
}
