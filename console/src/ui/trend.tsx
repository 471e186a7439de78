// A chart over days. It is loaded when a page first shows one.

import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use, type ECharts } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { useFormat } from "../lib/use";

use([LineChart, BarChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

export interface Series {
  name: string;
  values: number[];
}

const COLORS = ["#1f5fbf", "#b86e00", "#7a8290"];

export default function Trend({ days, series, label, bars }: { days: string[]; series: Series[]; label: string; bars?: boolean }) {
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
        grid: { left: 8, right: 12, top: 36, bottom: 4, containLabel: true },
        legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 8, textStyle: { color: "#4d5563" } },
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
          type: bars ? "bar" : "line",
          data: one.values,
          symbolSize: 5,
          barMaxWidth: 36,
          lineStyle: { width: 2 },
        })),
      },
      { replaceMerge: ["series"] },
    );
  }, [days, series, bars, format]);
  // The figures stand beside the chart, so a reader without pictures misses nothing.
  return <div className="chart" ref={place} role="img" aria-label={label} />;
}
