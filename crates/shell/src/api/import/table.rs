//! Reading the file of an import: tables as spreadsheets write them, and lines of JSON.

use std::collections::BTreeMap;

use files::{Column, Date, DateOrder, Number};
use rules::Rulebook;
use serde_json::{Map, Value as Json};

use super::{MAX_LOTS, of_file};
use crate::api::import::{ImportLotBody, ImportRowBody, ImportTotalsBody};
use crate::check::{Check, DIGITS_LOST};
use crate::json::parse_json;
use crate::problem::{FieldError, Problem};

/// The most rows of a file.
const MAX_ROWS: usize = 20_000;

/// How many cells of each column there are.
pub type Cells = BTreeMap<String, u64>;

/// A file, member by member.
#[derive(Debug)]
pub struct ReadImport {
    /// Rows of the file that are not blank.
    pub rows: u64,
    /// The line that each member is first named on, and the member, or what is wrong with one of
    /// its rows.
    pub members: Vec<(u64, Result<ImportRowBody, Problem>)>,
    /// What was filled in.
    pub cells: Cells,
}

/// Reads a file: JSON lines when it begins with a brace, else a table. `date_order` is `day_first`
/// or `month_first`, where the sender tells it.
///
/// # Errors
/// [`Problem::InvalidRequest`] when the file as a whole cannot be read.
pub fn read_import(
    file: &[u8],
    charset: Option<&str>,
    date_order: Option<&str>,
    book: &Rulebook,
) -> Result<ReadImport, Problem> {
    let order = match date_order {
        None => None,
        Some("day_first") => Some(DateOrder::DayFirst),
        Some("month_first") => Some(DateOrder::MonthFirst),
        Some(_) => {
            return Err(FieldError::new("date_order", "must be day_first or month_first").into());
        }
    };
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf);
    match file.iter().find(|byte| !is_blank(byte)) {
        Some(b'{') => read_json_lines(file),
        _ => read_table(file, charset, order, book),
    }
}

/// Reads one JSON object a line, each a member; blank lines are skipped.
///
/// # Errors
/// [`Problem::InvalidRequest`] when the file as a whole cannot be read.
fn read_json_lines(file: &[u8]) -> Result<ReadImport, Problem> {
    let text = std::str::from_utf8(file).map_err(|_| of_file("must be UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut read = ReadImport { rows: 0, members: Vec::new(), cells: Cells::new() };
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    for (line, text) in (1u64..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        read.rows += 1;
        if read.members.len() >= MAX_ROWS {
            return Err(too_many());
        }
        if let Ok(fields) = serde_json::from_str::<Map<String, Json>>(text) {
            for name in fields.keys().filter(|name| FIELDS.contains(&name.as_str())) {
                *read.cells.entry(name.clone()).or_default() += 1;
            }
        }
        let body = parse_json::<ImportRowBody>(text.as_bytes()).map_err(unshown).and_then(|body| {
            match lines.insert(body.member_id.clone(), line) {
                None => Ok(body),
                Some(first) => {
                    let mut check = Check::default();
                    check.wrong(
                        "/member_id",
                        format!("is that of line {first}: a member is one line"),
                    );
                    check.done(None)
                }
            }
        });
        read.members.push((line, body));
    }
    if read.members.is_empty() { Err(too_many()) } else { Ok(read) }
}

/// Reads a table with a row for each lot. Rows of one member belong together wherever they stand:
/// its points are their sum, lot by lot.
///
/// # Errors
/// [`Problem::InvalidRequest`] when the file as a whole cannot be read.
fn read_table(
    file: &[u8],
    charset: Option<&str>,
    order: Option<DateOrder>,
    book: &Rulebook,
) -> Result<ReadImport, Problem> {
    let rows = files::read(file, charset, &COLUMNS, MAX_ROWS)
        .map_err(|error| of_file(error.to_string()))?;
    let dates =
        rows.iter().flat_map(|row| DATES.iter().filter_map(|at| row.cells.get(*at)?.as_deref()));
    let told = match order {
        Some(order) => Some(order),
        None => files::order(dates).map_err(|_| {
            of_file("has dates with the day first and dates with the month first: export them as 2026-12-31")
        })?,
    };
    let mut read = ReadImport { rows: rows.len() as u64, members: Vec::new(), cells: Cells::new() };
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        for (column, _) in COLUMNS.iter().zip(&row.cells).filter(|(_, cell)| cell.is_some()) {
            *read.cells.entry(column.name.to_owned()).or_default() += 1;
        }
        let line = row.line;
        let (member_id, body) = member_of(row, told, book);
        let known = member_id
            .as_ref()
            .and_then(|id| places.get(id))
            .and_then(|place| read.members.get_mut(*place));
        match known {
            Some((first, kept)) => {
                let both = std::mem::replace(kept, Ok(ImportRowBody::default()));
                *kept = match (both, body) {
                    (Ok(kept), Ok(body)) => joined(kept, body, (*first, line)),
                    (Err(problem), _) => Err(problem),
                    (Ok(_), Err(problem)) => {
                        *first = line;
                        Err(problem)
                    }
                };
            }
            None => {
                places.extend(member_id.map(|id| (id, read.members.len())));
                read.members.push((line, body));
            }
        }
    }
    Ok(read)
}

/// Where it is wrong, without what stands there: the report is kept for long, and must tell nobody
/// who somebody is.
fn unshown(problem: Problem) -> Problem {
    let places = match problem {
        Problem::InvalidRequest(errors) => errors.into_iter().map(|error| error.pointer).collect(),
        _ => vec![String::new()],
    };
    let known =
        |pointer: &String| pointer.split('/').nth(1).is_some_and(|name| FIELDS.contains(&name));
    let detail = "is not of the shape of a member, or has a field that is not known";
    let error = |pointer: String| {
        FieldError::new(if known(&pointer) { pointer } else { String::new() }, detail)
    };
    Problem::InvalidRequest(places.into_iter().map(error).collect())
}

fn too_many() -> Problem {
    of_file(format!("must have 1 to {MAX_ROWS} lines"))
}

/// Lots and debts add up; all else must be told once, or alike.
fn joined(
    first: ImportRowBody,
    next: ImportRowBody,
    lines: (u64, u64),
) -> Result<ImportRowBody, Problem> {
    let mut check = Check::default();
    let mut differ = |name: &str, is: bool| {
        if is {
            check.wrong(name, format!("of line {} differs from that of line {}", lines.1, lines.0));
        }
    };
    differ("/tier", next.tier.is_some() && next.tier != first.tier);
    differ("/tier_through", next.tier_through.is_some() && next.tier_through != first.tier_through);
    differ("/totals", next.totals != ImportTotalsBody::default() && next.totals != first.totals);
    differ("/tags", !next.tags.is_empty() && next.tags != first.tags);
    differ("/aliases", !next.aliases.is_empty() && next.aliases != first.aliases);
    let others =
        next.attributes.iter().any(|(name, value)| first.attributes.get(name) != Some(value));
    differ("/attributes", others);
    let debt = first.debt.saturating_add(next.debt);
    if first.lots.len() > MAX_LOTS {
        check.wrong("/lots", "must be 1000 at most");
    }
    let ImportRowBody { mut lots, .. } = first;
    lots.extend(next.lots);
    check.done(Some(ImportRowBody { lots, debt, ..first }))
}

/// One row: whose it is, and what it says, or what is wrong with it.
fn member_of(
    row: files::Row,
    order: Option<DateOrder>,
    book: &Rulebook,
) -> (Option<String>, Result<ImportRowBody, Problem>) {
    let mut check = Check::default();
    if row.stray.is_some() {
        check.wrong("", "has a cell under no heading");
    }
    let cell = |name: &str| {
        let at = COLUMNS.iter().position(|column| column.name == name)?;
        row.cells.get(at)?.clone()
    };
    let member_id = cell("member_id");
    match &member_id {
        None => check.wrong("/member_id", "is missing"),
        Some(id) if files::is_scientific(id) => check.wrong("/member_id", DIGITS_LOST),
        Some(_) => {}
    }
    let mut number =
        |name: &str, cell: Option<String>| match cell.as_deref().map(files::grouped_integer) {
            None => 0,
            Some(Number::Whole(number)) => number,
            Some(Number::Scientific) => {
                check.wrong(format!("/{name}"), DIGITS_LOST);
                0
            }
            Some(Number::None) => {
                check.wrong(format!("/{name}"), "must be a whole number");
                0
            }
        };
    let points = number("points", cell("points"));
    let (growth, orders) = (number("growth", cell("growth")), number("orders", cell("orders")));
    let mut day = |name: &str| {
        let told = files::date(cell(name)?.as_str(), order);
        match told {
            Date::Day(day) => return Some(day),
            Date::Ambiguous => {
                check.wrong(
                    format!("/{name}"),
                    "may be one of two days: add ?date_order=day_first or month_first",
                );
            }
            Date::None => check.wrong(format!("/{name}"), "is no day: write 2026-12-31"),
        }
        None
    };
    let days = [day("earned_on"), day("valid_through"), day("tier_through")];
    let [earned_on, valid_through, tier_through] = days.map(|day| day.map(|day| day.to_string()));
    let (birthday, member_since) = (day("birthday"), day("member_since"));
    let spend_minor = cell("spend").map_or(0, |text| {
        money(&text, book.currency().decimals()).unwrap_or_else(|| {
            check.wrong("/spend", "must be an amount of money such as 1234.50");
            0
        })
    });
    for name in ["phone", "email"] {
        if cell(name).as_deref().is_some_and(files::is_scientific) {
            check.wrong(format!("/{name}"), DIGITS_LOST);
        }
    }
    let told = [
        ("birthday", birthday.map(|day| day.to_string())),
        ("member_since", member_since.map(|day| day.to_string())),
    ];
    let told = told.into_iter().chain(["name", "language"].map(|name| (name, cell(name))));
    let attributes = told.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let aliases =
        ["phone", "email"].iter().filter_map(|kind| Some(format!("{kind}:{}", cell(kind)?)));
    let tags = cell("tags").unwrap_or_default();
    let lot = (points > 0).then_some(ImportLotBody { points, earned_on, valid_through });
    let body = ImportRowBody {
        member_id: member_id.clone().unwrap_or_default(),
        lots: lot.into_iter().collect(),
        debt: points.saturating_neg().max(0),
        tier: cell("tier"),
        // The first level has no end, and exports fill one in now and then.
        tier_through,
        totals: ImportTotalsBody { spend_minor, growth, orders },
        attributes,
        tags: tags
            .split([';', '；', '|', ',', '，', '、'])
            .map(str::trim)
            .filter(|tag| !tag.is_empty())
            .map(str::to_owned)
            .collect(),
        aliases: aliases.collect(),
    };
    (member_id, check.done(Some(body)))
}

/// An amount with decimals, and perhaps commas between thousands, in minor units.
fn money(text: &str, decimals: u32) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let Number::Whole(whole) = files::grouped_integer(whole) else { return None };
    let places = usize::try_from(decimals).ok()?;
    if part.len() > places || !part.bytes().all(|b| b.is_ascii_digit()) || whole < 0 {
        return None;
    }
    let part: i64 = format!("{part:0<places$}").parse().ok().or((places == 0).then_some(0))?;
    whole.checked_mul(10i64.checked_pow(decimals)?)?.checked_add(part)
}

/// What a line of JSON may tell.
const FIELDS: [&str; 9] = [
    "member_id",
    "lots",
    "debt",
    "tier",
    "tier_through",
    "totals",
    "attributes",
    "tags",
    "aliases",
];

/// Places of the columns that hold days.
const DATES: [usize; 5] = [2, 3, 5, 9, 10];

const COLUMNS: [Column; 16] = [
    Column::new(
        "member_id",
        &[
            "member",
            "card number",
            "card no",
            "member number",
            "会员编号",
            "会员号",
            "会员ID",
            "会员卡号",
            "卡号",
            "會員編號",
        ],
        true,
    ),
    Column::new(
        "points",
        &["balance", "points balance", "积分", "积分余额", "可用积分", "積分"],
        false,
    ),
    Column::new("earned_on", &["earned", "earned at", "获得日期", "积分日期", "入账日期"], false),
    Column::new(
        "valid_through",
        &[
            "valid until",
            "expires",
            "expires on",
            "expiry date",
            "有效期",
            "有效期至",
            "到期日",
            "到期日期",
        ],
        false,
    ),
    Column::new("tier", &["level", "等级", "会员等级", "等級"], false),
    Column::new(
        "tier_through",
        &["tier until", "level until", "等级有效期", "等级有效期至", "等级到期日"],
        false,
    ),
    Column::new("spend", &["spent", "amount spent", "消费金额", "累计消费"], false),
    Column::new("growth", &["成长值"], false),
    Column::new("orders", &["订单数", "消费次数"], false),
    Column::new("birthday", &["date of birth", "生日", "出生日期"], false),
    Column::new(
        "member_since",
        &["joined", "joined on", "registered", "入会日期", "注册日期", "开卡日期"],
        false,
    ),
    Column::new("name", &["姓名", "会员姓名", "full name"], false),
    Column::new("language", &["语言"], false),
    Column::new(
        "phone",
        &["mobile", "telephone", "phone number", "手机", "手机号", "手机号码", "电话", "手機"],
        false,
    ),
    Column::new("email", &["e-mail", "mail", "email address", "邮箱", "电子邮箱", "電郵"], false),
    Column::new("tags", &["tag", "labels", "标签", "会员标签", "標籤"], false),
];
