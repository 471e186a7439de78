// Shows a problem in words: ours for the usual ones, the server's own otherwise.

import { Alert, Button, type FormInstance } from "antd";
import { useTranslation } from "react-i18next";
import type { FieldError, Problem } from "../api/client";
import { useWord } from "../lib/use";

/** A problem in one line of our own words. */
export function useProblemTitle(): (problem: Problem) => string {
  const { t, i18n } = useTranslation();
  const word = useWord();
  return (problem) =>
    i18n.exists(`problem.${problem.slug}`)
      ? word("problem", problem.slug)
      : problem.status === 403
        ? t("problem.forbidden")
        : problem.status >= 500 || problem.status === 429
          ? t("problem.busy")
          : t("problem.other");
}

export function ProblemNote({ problem, retry, except }: {
  problem: Problem | null | undefined;
  retry?: () => void;
  /** Pointers that a form shows at its fields. */
  except?: (error: FieldError) => boolean;
}) {
  const { t } = useTranslation();
  const title = useProblemTitle();
  if (!problem) return null;
  const errors = problem.errors.filter((error) => !except?.(error));
  // The server's sentence has the figures; it is English, so it stands below our own words.
  const detail = problem.slug === "invalid-request" || problem.slug === "offline" ? "" : problem.detail;
  return (
    <Alert
      className="problem"
      type="error"
      role="alert"
      showIcon
      title={title(problem)}
      description={
        detail || errors.length > 0 ? (
          <>
            {detail && <div lang="en">{detail}</div>}
            {errors.length > 0 && (
              <ul className="faults">
                {errors.map((error) => (
                  <li key={error.pointer + error.detail}>
                    <code>{error.pointer || "/"}</code> <span lang="en">{error.detail}</span>
                  </li>
                ))}
              </ul>
            )}
          </>
        ) : undefined
      }
      action={retry && problem.mayPass ? <Button size="small" onClick={retry}>{t("do.retry")}</Button> : undefined}
    />
  );
}

/** Puts each fault at the field that its pointer names: `/lines/0/amount` is `["lines", 0, "amount"]`. */
export function showFaults(form: FormInstance, problem: Problem, fields: string[]): void {
  const faults = problem.errors.filter((error) => fields.includes(fieldOf(error)));
  form.setFields(faults.map((error) => ({ name: fieldOf(error), errors: [error.detail] })));
  const first = faults[0];
  if (first) form.scrollToField(fieldOf(first), { focus: true });
}

export function fieldOf(error: FieldError): string {
  return error.pointer.replace(/^\//, "").split("/")[0] ?? "";
}
