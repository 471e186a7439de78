// A field for an amount of money, kept in minor units.

import { InputNumber } from "antd";
import { useFields } from "../conditions/fields";

interface Props {
  value?: number | null;
  onChange?: (value: number | null) => void;
  id?: string;
  placeholder?: string;
}

export function Minor({ value, onChange, id, placeholder }: Props) {
  const unit = useFields("member").unit("member.spend_minor");
  return (
    <InputNumber
      {...(id ? { id } : {})}
      min={0}
      value={value == null ? null : value / unit}
      onChange={(next) => onChange?.(next === null ? null : Math.round(next * unit))}
      {...(placeholder ? { placeholder } : {})}
      style={{ width: "100%" }}
    />
  );
}
