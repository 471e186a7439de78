// A chart over days. It is loaded when a page first shows one.

import { LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { init, use, type ECharts } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { useFormat } from "../lib/use";
import { COLORS } from "./trend-colors";

use([LineChart, GridComponent, TooltipComponent, SVGRenderer]);

export interface Series {
  name: string;
  values: number[];
}

export default function Trend({ days, series, label }: { days: string[]; series: Series[]; label: string }) {
  const format = useFormat();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  useEffect(() => {
    if (!place.current) return undefined;
    const made = init(place.current, null, { renderer: "svg" });
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(place.current);
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, []);
  useEffect(() => {
    chart.current?.setOption(
      {
        animationDuration: 200,
        color: COLORS,
        grid: { left: 8, right: 12, top: 12, bottom: 4, containLabel: true },
        tooltip: { trigger: "axis", valueFormatter: (value: unknown) => format.points(Number(value)) },
        xAxis: {
          type: "category",
          data: days.map((day) => (/^\d{4}-/.test(day) ? day.slice(5) : day)),
          axisTick: { show: false },
          axisLine: { lineStyle: { color: "#c9ced6" } },
          axisLabel: { color: "#5a6270", hideOverlap: true },
        },
        yAxis: {
          type: "value",
          axisLabel: { color: "#5a6270", formatter: (value: number) => format.compact(value) },
          splitLine: { lineStyle: { color: "#edeff2" } },
        },
        series: series.map((one) => ({
          name: one.name,
          type: "line",
          data: one.values,
          symbolSize: 5,
          lineStyle: { width: 2 },
        })),
      },
      { replaceMerge: ["series"] },
    );
  }, [days, series, format]);
  // The figures stand beside the chart, so a reader without pictures misses nothing.
  return (
    <>
      <ul className="legend">
        {series.map((one, index) => <li key={one.name}><span style={{ background: COLORS[index] }} />{one.name}</li>)}
      </ul>
      <div className="chart" ref={place} role="img" aria-label={label} />
    </>
  );
}
