// Segments that stand in the playbook itself: names and a condition each.

import { PlusOutlined } from "@ant-design/icons";
import { Button, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Condition } from "../../api/answers";
import { useFields, type Fields } from "../../conditions/fields";
import { conditionsForm, type Conditions } from "../../conditions/forms";
import { Dialog, Loading, Section } from "../../ui/parts";
import { ProblemNote } from "../../ui/problem";
import { Table } from "../../ui/table";
import { conditionBody, ConditionItem, Reach } from "../customers/definition";
import { Buttons } from "../member-actions";
import type { Names, Playbook, PlaybookFault, Segment } from "./playbook";
import { useSay } from "./words";

export function OwnSegments({ document, faults, onChange }: { document: Playbook; faults: PlaybookFault[]; onChange?: (document: Playbook) => void }) {
  const { t } = useTranslation();
  const say = useSay(document);
  const [edited, setEdited] = useState<string | null>(null);
  const rows = Object.entries(document.segments ?? {});
  const users = (id: string) => (document.strategies ?? []).filter((one) => one.segment === id).map((one) => one.id);
  const put = (id: string, segment: Segment | null) => {
    const { [id]: _before, ...others } = document.segments ?? {};
    const segments = segment ? { ...document.segments, [id]: segment } : others;
    const { segments: _segments, ...rest } = document;
    onChange?.({ ...rest, ...(Object.keys(segments).length > 0 ? { segments } : {}) });
    setEdited(null);
  };
  return (
    <Section flush title={t("strategy.ownSegments")} extra={onChange && <Button size="small" icon={<PlusOutlined />} onClick={() => setEdited("")}>{t("segments.new")}</Button>}>
      <Table
        label={t("strategy.ownSegments")}
        rows={rows}
        id={([id]) => id}
        empty={t("strategy.noSegments")}
        columns={[
          { title: t("rewards.name"), main: true, show: ([id, segment]) => <>{say.name(segment.name, id)} <span className="soft small">{id}</span></> },
          {
            title: t("tags.condition"),
            wrap: true,
            show: ([id, segment]) => (
              <>
                {say.conditions(segment).map((one) => <span key={one} className="bit">{one}</span>)}
                {faults.filter((fault) => fault.pointer.startsWith(`/segments/${id}/`)).map((fault) => <span key={fault.pointer + fault.detail} className="fault small" lang="en">{fault.detail}</span>)}
              </>
            ),
          },
          { title: t("strategy.usedBy"), wrap: true, show: ([id]) => users(id).join(", ") || "–" },
          ...(onChange
            ? [{
                title: t("do.title"),
                show: ([id]: [string, Segment]) => (
                  <span className="row">
                    <Button size="small" aria-label={`${t("do.edit")}: ${id}`} onClick={() => setEdited(id)}>{t("do.edit")}</Button>
                    <Button size="small" danger disabled={users(id).length > 0} aria-label={`${t("tags.remove")}: ${id}`} onClick={() => put(id, null)}>{t("tags.remove")}</Button>
                  </span>
                ),
              }]
            : []),
        ]}
      />
      {edited !== null && <Edit id={edited || null} segment={document.segments?.[edited] ?? null} taken={rows.map(([id]) => id)} onKeep={put} onClose={() => setEdited(null)} />}
    </Section>
  );
}

interface EditProps {
  id: string | null;
  segment: Segment | null;
  taken: string[];
  onKeep: (id: string, segment: Segment) => void;
  onClose: () => void;
}

function Edit(props: EditProps) {
  const { t } = useTranslation();
  const fields = useFields("member");
  return (
    <Dialog open title={props.id ?? t("segments.new")} onClose={props.onClose} width={1000}>
      {fields.isReady ? <EditForm {...props} fields={fields} /> : fields.error ? <ProblemNote problem={fields.error} /> : <Loading />}
    </Dialog>
  );
}

function EditForm({ id, segment, taken, onKeep, onClose, fields }: EditProps & { fields: Fields }) {
  const { t } = useTranslation();
  const [strict, setStrict] = useState(false);
  const [form] = Form.useForm<{ id: string; name: Names; condition: Conditions }>();
  const [initial] = useState(() => ({ id: id ?? "", name: segment?.name ?? {}, condition: conditionsForm((segment?.conditions ?? []) as Condition[], segment?.when ?? "", fields.unit) }));
  const condition = Form.useWatch("condition", form) as Conditions | undefined;
  const grow = { flex: "1 1 160px" };
  return (
    <div className="rule-form">
      <Form
        form={form}
        name="segment"
        layout="vertical"
        initialValues={initial}
        onFinishFailed={() => setStrict(true)}
        onFinish={(values) => {
          const names = Object.fromEntries(Object.entries(values.name).filter(([, text]) => text?.trim())) as Segment["name"];
          onKeep(values.id, { ...(names && Object.keys(names).length > 0 ? { name: names } : {}), ...(conditionBody(values.condition, fields) as Segment) });
        }}
      >
        <div className="row" style={{ alignItems: "start" }}>
          <Form.Item
            name="id"
            label={t("strategy.id")}
            style={grow}
            rules={[
              { required: true, pattern: /^[a-z0-9_]{1,40}$/, message: t("ruleForm.idRule") },
              { validator: (_, value) => (id === null && taken.includes(value) ? Promise.reject(new Error(t("strategy.idTaken"))) : Promise.resolve()) },
            ]}
          >
            <Input disabled={id !== null} />
          </Form.Item>
          <Form.Item name={["name", "zh-CN"]} label={t("tags.chineseName")} style={grow}><Input maxLength={40} /></Form.Item>
          <Form.Item name={["name", "en"]} label={t("tags.englishName")} style={grow}><Input maxLength={60} /></Form.Item>
        </div>
        <ConditionItem fields={fields} strict={strict} />
        <Buttons busy={false} onClose={onClose} label={t("ruleForm.keep")} />
      </Form>
      <aside><Reach value={condition ?? initial.condition} fields={fields} /></aside>
    </div>
  );
}
