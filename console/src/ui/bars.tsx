// Amounts side by side, as boxes with their figures.

import { useFormat } from "../lib/use";
import { COLORS } from "./trend-colors";

export function Bars({ rows, series }: { rows: string[]; series: { name: string; values: number[] }[] }) {
  const format = useFormat();
  const most = Math.max(1, ...series.flatMap((one) => one.values));
  return (
    <dl className="bars">
      {rows.map((row, place) => (
        <div key={row}>
          <dt>{row}</dt>
          {series.map((one, index) => (
            <dd key={one.name}>
              <span className="soft small">{one.name}</span>
              <span className="bar"><span style={{ width: `${((one.values[place] ?? 0) / most) * 100}%`, background: COLORS[index] }} /></span>
              <span>{format.points(one.values[place])}</span>
            </dd>
          ))}
        </div>
      ))}
    </dl>
  );
}
