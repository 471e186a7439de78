// A chart of lines over days, drawn as SVG.

import { useEffect, useRef, useState } from "react";
import { useFormat } from "../lib/use";
import { ticks } from "./ticks";
import { COLORS } from "./trend-colors";

export interface Series {
  name: string;
  values: number[];
}

const HEIGHT = 260;
const [TOP, RIGHT, BOTTOM] = [12, 12, 26];
/** Room for a day below the axis, and for a letter of a number beside it. */
const [DAY, LETTER] = [56, 7.5];

export default function Trend({ days, series, label }: { days: string[]; series: Series[]; label: string }) {
  const format = useFormat();
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<number | null>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const steps = ticks(series.flatMap((one) => one.values));
  const [low, high] = [steps[0] ?? 0, steps.at(-1) ?? 1];
  const left = 12 + LETTER * Math.max(...steps.map((one) => format.compact(one).length));
  const x = (index: number) => left + (days.length > 1 ? (index / (days.length - 1)) * (width - left - RIGHT) : (width - left - RIGHT) / 2);
  const y = (value: number) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const every = Math.max(1, Math.ceil((days.length * DAY) / Math.max(1, width - left - RIGHT)));
  const shown = at === null ? undefined : days[at];
  // The figures stand beside the chart, so a reader without pictures misses nothing.
  return (
    <>
      <ul className="legend">
        {series.map((one, index) => (
          <li key={one.name}>
            <span style={{ background: COLORS[index] }} />
            {one.name}
            {at !== null && <strong> {format.points(one.values[at])}</strong>}
          </li>
        ))}
        {shown && <li>{shown}</li>}
      </ul>
      <div className="chart" ref={place} role="img" aria-label={label}>
        {width > 0 && (
          <svg
            width={width}
            height={HEIGHT}
            onPointerLeave={() => setAt(null)}
            onPointerMove={(event) => {
              const share = (event.clientX - event.currentTarget.getBoundingClientRect().left - left) / Math.max(1, width - left - RIGHT);
              setAt(Math.max(0, Math.min(days.length - 1, Math.round(share * (days.length - 1)))));
            }}
          >
            {steps.map((one) => (
              <g key={one}>
                <line x1={left} x2={width - RIGHT} y1={y(one)} y2={y(one)} className={one === 0 ? "axis" : "grid"} />
                <text x={left - 6} y={y(one) + 4} textAnchor="end">{format.compact(one)}</text>
              </g>
            ))}
            {days.map((day, index) => index % every === 0 && <text key={day} x={x(index)} y={HEIGHT - 6} textAnchor="middle">{/^\d{4}-/.test(day) ? day.slice(5) : day}</text>)}
            {at !== null && <line x1={x(at)} x2={x(at)} y1={TOP} y2={HEIGHT - BOTTOM} className="axis" />}
            {series.map((one, index) => (
              <g key={one.name} stroke={COLORS[index]} fill={COLORS[index]}>
                <polyline points={one.values.map((value, day) => `${x(day)},${y(value)}`).join(" ")} fill="none" strokeWidth={2} strokeLinejoin="round" />
                {one.values.map((value, day) => (days.length <= 62 || day === at) && <circle key={days[day]} cx={x(day)} cy={y(value)} r={day === at ? 4 : 2.5} />)}
              </g>
            ))}
          </svg>
        )}
      </div>
    </>
  );
}
