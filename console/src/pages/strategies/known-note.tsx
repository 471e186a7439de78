// Says why somebody may miss a choice: a list could not be read, or not to its end.

import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { ProblemNote } from "../../ui/problem";
import type { Known } from "./use-known";

export function KnownNote({ known }: { known: Known }) {
  const { t } = useTranslation();
  return (
    <>
      <ProblemNote problem={known.problem} retry={known.retry} />
      {known.isCut && <Alert className="problem" type="warning" role="status" showIcon title={t("strategy.choicesCut")} />}
    </>
  );
}
