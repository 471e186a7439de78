// What stands around every page: the programme, the menu, the language, and the person who is
// signed in.

import { GlobalOutlined, LogoutOutlined, MenuOutlined, SearchOutlined, UserOutlined, UserSwitchOutlined } from "@ant-design/icons";
import { App, Button, Drawer, Dropdown, Input } from "antd";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, NavLink, useLocation, useNavigate } from "react-router";
import { asProblem } from "./api/client";
import { setLanguage } from "./i18n";
import { useRoleName } from "./lib/roles";
import { mayOpen, PLACES } from "./places";
import { may, useAccess, useSignedIn } from "./session";
import { useInboxCount } from "./inbox";
import { useProblemTitle } from "./ui/problem";

export function Frame({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const signedIn = useSignedIn();
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  useEffect(() => {
    setOpen(false);
    scrollTo(0, 0);
  }, [pathname]);
  return (
    <div className="frame">
      <header className="top">
        <a className="skip" href="#content">{t("frame.skip")}</a>
        <Button className="only-narrow" type="text" icon={<MenuOutlined />} aria-label={t("frame.menu")} onClick={() => setOpen(true)} />
        <Link className="brand" to="/" aria-label={`Accrue, ${t("page.home")}`}><img src="/console/icon.svg" alt="" /><span className="only-wide">Accrue</span></Link>
        <span className="programme">{signedIn.programme.name}</span>
        <span className="space" />
        {may(signedIn, "service", "marketing", "finance") && <Search />}
        <LanguageSwitch />
        <Who />
      </header>
      <nav className="side" aria-label={t("frame.menu")}><Menu /></nav>
      <Drawer open={open} onClose={() => setOpen(false)} placement="left" size={260} title={signedIn.programme.name} styles={{ body: { padding: 8 } }}>
        <nav aria-label={t("frame.menu")}><Menu /></nav>
      </Drawer>
      <main id="content" tabIndex={-1}>{children}</main>
    </div>
  );
}

function Menu() {
  const { t } = useTranslation();
  const signedIn = useSignedIn();
  const waiting = useInboxCount();
  return (
    <ul className="menu">
      {PLACES.filter((place) => mayOpen(signedIn, place)).map(({ path, name, icon: Icon }) => (
        <li key={path}>
          <NavLink to={`/${path}`} end={path === ""}>
            <Icon />
            {t(`menu.${name}`)}
            {name === "inbox" && waiting !== null && waiting > 0 && <span className="count" aria-label={t("inbox.waiting", { count: waiting })}>{waiting > 99 ? "99+" : waiting}</span>}
          </NavLink>
        </li>
      ))}
    </ul>
  );
}

/** A phone number or an address leads to its member, in any spelling; anything else is searched for. */
export function memberPath(text: string): string {
  const name = /^\+?[\d\s-]{7,}$/.test(text) ? `~phone:${text.replaceAll(/[\s-]/g, "")}` : text.includes("@") && !text.startsWith("@") ? `~email:${text}` : null;
  return name ? `/members/${encodeURIComponent(name)}` : `/members?text=${encodeURIComponent(text)}`;
}

function Search() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const go = () => {
    if (text.trim() === "") return;
    // It may be the id of a member after all: then their page goes there.
    void navigate(memberPath(text.trim()), { state: { typed: text.trim() } });
    setText("");
  };
  return (
    <Input
      className="only-wide search"
      type="search"
      prefix={<SearchOutlined aria-hidden />}
      aria-label={t("frame.search")}
      placeholder={t("frame.search")}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onPressEnter={go}
    />
  );
}

/** Says the other language in that language. */
export function LanguageSwitch() {
  const { i18n } = useTranslation();
  const other = i18n.language === "zh-CN" ? "en" : "zh-CN";
  return (
    <Button type="text" icon={<GlobalOutlined />} lang={other} onClick={() => setLanguage(other)}>
      {other === "en" ? "English" : "中文"}
    </Button>
  );
}

function Who() {
  const { t } = useTranslation();
  const roleName = useRoleName();
  const { signOut, changeRole } = useAccess();
  const signedIn = useSignedIn();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const problemTitle = useProblemTitle();
  const others = signedIn.roles.filter((one) => one.role !== signedIn.acting);
  const items = [
    ...others.map(({ role }) => ({
      key: role,
      icon: <UserSwitchOutlined />,
      label: t("frame.actAs", { role: roleName(role, signedIn.roles) }),
      onClick: () => void changeRole(role).catch((error: unknown) => void message.error(problemTitle(asProblem(error)), 6)),
    })),
    ...(signedIn.by === "person" ? [{ key: "account", icon: <UserOutlined />, label: t("me.title"), onClick: () => void navigate("/account") }] : []),
    { key: "out", icon: <LogoutOutlined />, label: t("signIn.out"), onClick: () => void signOut() },
  ];
  return (
    <Dropdown menu={{ items }} trigger={["click"]}>
      <Button type="text" aria-haspopup="menu" className="who">
        <span className="only-wide">{signedIn.name} · </span>{roleName(signedIn.acting, signedIn.roles)}
      </Button>
    </Dropdown>
  );
}
