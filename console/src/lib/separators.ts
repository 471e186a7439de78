// Between values that are typed or pasted as one text, in both languages.
export const SEPARATORS = [",", "，", "、", ";", "；", "\n"];
