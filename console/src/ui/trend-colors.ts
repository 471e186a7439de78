/** Of the series of a chart, in their order; each is 3:1 on white. */
export const COLORS = ["#1f5fbf", "#b86e00", "#7a8290"];
