// The pages and their addresses, in the look and the language of the console.

import { App as Antd, ConfigProvider, Result, Spin } from "antd";
import en_US from "antd/locale/en_US";
import zh_CN from "antd/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/zh-cn";
import { Component, Fragment, lazy, Suspense, useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, Route, Routes, useLocation } from "react-router";
import { Frame } from "./frame";
import { inboxPath, takeWanted } from "./lib/wanted";
import { Displaced, SignInDoor, SignInAgain } from "./pages/sign-in";
import { mayOpen, PLACES } from "./places";
import { useAccess, useSignedIn } from "./session";
import { ProblemNote } from "./ui/problem";

const theme = {
  token: {
    colorPrimary: "#1f5fbf",
    colorLink: "#1f5fbf",
    // Lighter ones would fall below a contrast of 4.5 while the pointer is on them.
    colorLinkHover: "#174a96",
    colorLinkActive: "#174a96",
    colorPrimaryHover: "#174a96",
    colorPrimaryActive: "#123c7a",
    colorErrorHover: "#8f1d17",
    colorErrorActive: "#7a1813",
    colorError: "#b3261e",
    colorSuccess: "#1c6b3c",
    colorWarning: "#8a5300",
    colorText: "#1f2329",
    // The lighter greys of Ant Design are below a contrast of 4.5.
    colorTextSecondary: "#4d5563",
    colorTextTertiary: "#5a6270",
    colorTextDescription: "#5a6270",
    colorTextPlaceholder: "#667085",
    borderRadius: 6,
    fontFamily: "inherit",
    motionDurationMid: "0.12s",
    motionDurationSlow: "0.16s",
  },
};

const pages = {
  account: lazy(() => import("./pages/account")),
  invitation: lazy(() => import("./pages/invitation")),
  overview: lazy(() => import("./pages/overview")),
  members: lazy(() => import("./pages/members")),
  inbox: lazy(() => import("./pages/inbox")),
  rules: lazy(() => import("./pages/rules")),
  draft: lazy(() => import("./pages/rules/draft")),
  strategies: lazy(() => import("./pages/strategies")),
  strategyDraft: lazy(() => import("./pages/strategies/draft")),
  results: lazy(() => import("./pages/results")),
  result: lazy(() => import("./pages/results/one")),
  touches: lazy(() => import("./pages/touches")),
  templates: lazy(() => import("./pages/templates")),
  template: lazy(() => import("./pages/templates/edit")),
  channels: lazy(() => import("./pages/channels")),
  customers: lazy(() => import("./pages/customers")),
  rewards: lazy(() => import("./pages/rewards")),
  books: lazy(() => import("./pages/books")),
  stores: lazy(() => import("./pages/stores")),
  staff: lazy(() => import("./pages/staff")),
  auditLog: lazy(() => import("./pages/audit-log")),
  keys: lazy(() => import("./pages/keys")),
  endpoints: lazy(() => import("./pages/endpoints")),
  system: lazy(() => import("./pages/system")),
  member: lazy(() => import("./pages/member")),
};

export function App() {
  const { i18n } = useTranslation();
  const isChinese = i18n.language === "zh-CN";
  const isInvitation = useLocation().hash.startsWith("#/invitation/");
  useEffect(() => {
    dayjs.locale(isChinese ? "zh-cn" : "en");
  }, [isChinese]);
  return (
    <ConfigProvider locale={isChinese ? zh_CN : en_US} theme={theme} button={{ autoInsertSpace: false }}>
      <Antd component={false}>
        <Suspense fallback={null}>
          <Routes>
            <Route path="/invitation/:token" element={<pages.invitation />} />
            <Route path="*" element={isInvitation ? <pages.invitation /> : <SignedInPages />} />
          </Routes>
        </Suspense>
      </Antd>
    </ConfigProvider>
  );
}

function SignedInPages() {
  const { signedIn, starting, startProblem, start } = useAccess();
  const { t } = useTranslation();
  if (starting) return <div className="door"><Spin aria-label={t("list.loading")} /></div>;
  if (!signedIn && startProblem) return <div className="door"><ProblemNote problem={startProblem} retry={start} /></div>;
  if (!signedIn) return <SignInDoor />;
  return (
    // What one person typed is not the next one's.
    <Fragment key={`${signedIn.by}/${signedIn.personId}/${signedIn.programme.id}`}>
      <Frame>
        <Guard>
          <Suspense fallback={<div className="loading"><Spin aria-label={t("list.loading")} /></div>}>
            <Routes>
              <Route index element={<First />} />
              <Route path="inbox" element={<Allowed to="inbox"><pages.inbox /></Allowed>} />
              <Route path="members" element={<Allowed to="members"><pages.members /></Allowed>} />
              <Route path="members/:id" element={<Allowed to="members"><pages.member /></Allowed>} />
              <Route path="rules" element={<Allowed to="rules"><pages.rules /></Allowed>} />
              <Route path="rules/drafts/:name" element={<Allowed to="rules"><pages.draft /></Allowed>} />
              <Route path="strategies" element={<Allowed to="strategies"><pages.strategies /></Allowed>} />
              <Route path="strategies/drafts/:name" element={<Allowed to="strategies"><pages.strategyDraft /></Allowed>} />
              <Route path="results" element={<Allowed to="results"><pages.results /></Allowed>} />
              <Route path="results/:id" element={<Allowed to="results"><pages.result /></Allowed>} />
              <Route path="touches" element={<Allowed to="touches"><pages.touches /></Allowed>} />
              <Route path="templates" element={<Allowed to="templates"><pages.templates /></Allowed>} />
              <Route path="templates/:id" element={<Allowed to="templates"><pages.template /></Allowed>} />
              <Route path="channels" element={<Allowed to="channels"><pages.channels /></Allowed>} />
              <Route path="customers" element={<Allowed to="customers"><pages.customers /></Allowed>} />
              <Route path="rewards" element={<Allowed to="rewards"><pages.rewards /></Allowed>} />
              <Route path="books" element={<Allowed to="books"><pages.books /></Allowed>} />
              <Route path="stores" element={<Allowed to="stores"><pages.stores /></Allowed>} />
              <Route path="staff" element={<Allowed to="staff"><pages.staff /></Allowed>} />
              <Route path="audit-log" element={<Allowed to="audit-log"><pages.auditLog /></Allowed>} />
              <Route path="keys" element={<Allowed to="keys"><pages.keys /></Allowed>} />
              <Route path="endpoints" element={<Allowed to="endpoints"><pages.endpoints /></Allowed>} />
              <Route path="system" element={<Allowed to="system"><pages.system /></Allowed>} />
              <Route path="account" element={<pages.account />} />
              <Route path="*" element={<NotFound />} />
            </Routes>
          </Suspense>
        </Guard>
      </Frame>
      <SignInAgain />
      <Displaced />
    </Fragment>
  );
}

/** The overview, or where a message or a visit to a provider leads. */
function First() {
  const { hash } = useLocation();
  const [wanted] = useState(takeWanted);
  const path = inboxPath(hash) ?? wanted;
  return path ? <Navigate to={path} replace /> : <pages.overview />;
}

function Allowed({ to, children }: { to: string; children: ReactNode }) {
  const signedIn = useSignedIn();
  const { t } = useTranslation();
  const place = PLACES.find((one) => one.path === to);
  if (place && mayOpen(signedIn, place)) return children;
  return <Result status="403" title={t("problem.forbidden")} subTitle={t("page.notYours")} />;
}

function NotFound() {
  const { t } = useTranslation();
  return <Result status="404" title={t("page.notFound")} extra={<Link to="/">{t("page.home")}</Link>} />;
}

/** A fault of one page leaves the menu; another page begins anew. */
function Guard({ children }: { children: ReactNode }) {
  const { pathname } = useLocation();
  return <Boundary key={pathname}>{children}</Boundary>;
}

class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError() {
    return { failed: true };
  }
  override render() {
    return this.state.failed ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const { t } = useTranslation();
  return (
    <Result
      status="500"
      title={t("page.broken")}
      extra={<a href={location.href} onClick={() => location.reload()}>{t("page.reload")}</a>}
    />
  );
}
