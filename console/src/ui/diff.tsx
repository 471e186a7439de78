// Changes of a document, each with its place, what stood there and what stands there now.

import { Empty } from "antd";
import { useTranslation } from "react-i18next";
import type { Change } from "../api/answers";

/** `isMajor` marks changes that need the approval of another person, or are `mark`. */
export function Diff({ changes, isMajor, mark }: { changes: Change[]; isMajor?: (pointer: string) => boolean; mark?: string }) {
  const { t } = useTranslation();
  if (changes.length === 0) return <Empty className="empty" image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("diff.none")} />;
  return (
    <table className="diff">
      <thead>
        <tr>
          <th scope="col">{t("diff.place")}</th>
          <th scope="col">{t("diff.before")}</th>
          <th scope="col">{t("diff.after")}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.pointer}>
            <td><code>{change.pointer}</code>{isMajor?.(change.pointer) && <> <span className="mark warn">{mark ?? t("diff.major")}</span></>}</td>
            <td className="before"><pre>{text(change.before)}</pre></td>
            <td className="after"><pre>{text(change.after)}</pre></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function text(value: unknown): string {
  if (value === undefined || value === null) return "–";
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
}

/** How two documents differ. Items of lists that have an `id` are compared by it, as the API does. */
export function changesOf(before: unknown, after: unknown, pointer = ""): Change[] {
  if (JSON.stringify(before ?? null) === JSON.stringify(after ?? null)) return [];
  const [left, right] = [fieldsOf(before), fieldsOf(after)];
  if (!left || !right) return [{ pointer: pointer || "/", before, after }];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((name) =>
    changesOf(left[name], right[name], `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
}

function fieldsOf(value: unknown): Record<string, unknown> | null {
  if (typeof value !== "object" || value === null) return null;
  if (!Array.isArray(value)) return value as Record<string, unknown>;
  const named = value.every((item) => typeof item === "object" && item !== null && typeof (item as { id?: unknown }).id === "string");
  return named && value.length > 0 ? Object.fromEntries(value.map((item: { id: string }) => [item.id, item])) : null;
}
