#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use super::comparison::ordered;
use super::*;
use crate::fact::Value;
use crate::pattern::Pattern;
use crate::text::Text;

fn facts() -> FactSet {
    let mut facts = FactSet::new();
    facts.set_text(FactName::Method, "EAP-TLS");
    facts.set(FactName::UserGroups, Value::set(["ML-Engineers", "staff"]));
    facts.set(FactName::DeviceManaged, Value::Boolean(true));
    facts.set_text(FactName::DeviceName, "Laptop-17.corp");
    facts
}

fn text(fact: FactName, operator: Operator, value: &str) -> Condition {
    Condition::compare(fact, operator, Operand::Text(value.to_owned())).unwrap()
}

fn of(truth: Truth) -> Condition {
    match truth {
        Truth::True => Condition::always(),
        Truth::False => Condition::negate(Condition::always()).unwrap(),
        Truth::Unknown => text(FactName::Ssid, Operator::Equal, "corp"),
    }
}

/// Kleene, Introduction to Metamathematics, section 64: the strong tables.
#[test]
fn kleene_strong_tables() {
    use Truth::{False, True, Unknown};
    let facts = facts();
    let table = [
        (True, True, True, True),
        (True, False, False, True),
        (True, Unknown, Unknown, True),
        (False, False, False, False),
        (False, Unknown, False, Unknown),
        (Unknown, Unknown, Unknown, Unknown),
    ];
    for (left, right, all, any) in table {
        for (a, b) in [(left, right), (right, left)] {
            assert_eq!(Condition::all(vec![of(a), of(b)]).unwrap().evaluate(&facts), all, "{a:?} and {b:?}");
            assert_eq!(Condition::any(vec![of(a), of(b)]).unwrap().evaluate(&facts), any, "{a:?} or {b:?}");
        }
    }
    assert_eq!(Condition::negate(of(Unknown)).unwrap().evaluate(&facts), Unknown);
    assert_eq!(Condition::negate(of(True)).unwrap().evaluate(&facts), False);
    assert_eq!(Condition::all(vec![]).unwrap().evaluate(&facts), True);
    assert_eq!(Condition::any(vec![]).unwrap().evaluate(&facts), False);
}

#[test]
fn comparisons() {
    let facts = facts();
    let texts = |values: &[&str]| Operand::Texts(values.iter().map(|value| (*value).to_owned()).collect());
    let table = [
        (FactName::Method, Operator::Equal, Operand::Text("eap-tls".into()), Truth::True),
        (FactName::Method, Operator::Equal, Operand::Text("mab".into()), Truth::False),
        (FactName::Method, Operator::In, texts(&["MAB", "Eap-TLS"]), Truth::True),
        (FactName::Method, Operator::In, texts(&[]), Truth::False),
        (FactName::DeviceName, Operator::Matches, Operand::Text("*.CORP".into()), Truth::True),
        (FactName::DeviceName, Operator::Matches, Operand::Text("laptop".into()), Truth::False),
        (FactName::UserGroups, Operator::Has, Operand::Text("STAFF".into()), Truth::True),
        (FactName::UserGroups, Operator::Has, Operand::Text("devops".into()), Truth::False),
        (FactName::UserGroups, Operator::HasAny, texts(&["devops", "STAFF"]), Truth::True),
        (FactName::UserGroups, Operator::HasAny, texts(&["devops", "a", "b", "c"]), Truth::False),
        (FactName::UserGroups, Operator::HasAny, texts(&[]), Truth::False),
        (FactName::DeviceTags, Operator::HasAny, texts(&[]), Truth::Unknown),
        (FactName::UserGroups, Operator::Equal, texts(&["staff", "ml-engineers", "Staff"]), Truth::True),
        (FactName::UserGroups, Operator::Equal, texts(&["staff"]), Truth::False),
        (FactName::DeviceManaged, Operator::Equal, Operand::Boolean(false), Truth::False),
        (FactName::Ssid, Operator::Equal, Operand::Text("corp".into()), Truth::Unknown),
    ];
    for (fact, operator, operand, expected) in table {
        let condition = Condition::compare(fact, operator, operand.clone()).unwrap();
        assert_eq!(condition.evaluate(&facts), expected, "{fact} {operator:?} {operand:?}");
    }
}

#[test]
fn operators_that_do_not_fit_the_kind_are_refused() {
    let table = [
        (FactName::Method, Operator::Less, Operand::Integer(1)),
        (FactName::Method, Operator::Equal, Operand::Boolean(true)),
        (FactName::Method, Operator::Has, Operand::Text("x".into())),
        (FactName::UserGroups, Operator::Equal, Operand::Text("x".into())),
        (FactName::UserGroups, Operator::Matches, Operand::Text("x".into())),
        (FactName::DeviceManaged, Operator::Equal, Operand::Text("true".into())),
    ];
    for (fact, operator, operand) in table {
        let refused = Condition::compare(fact, operator, operand).unwrap_err();
        assert_eq!(refused, ConditionError::Mismatch { fact, operator });
    }
}

#[test]
fn integers_are_ordered() {
    use Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    let table = [(Equal, [false, true, false]), (Less, [true, false, false]), (LessOrEqual, [true, true, false])];
    let more = [(Greater, [false, false, true]), (GreaterOrEqual, [false, true, true])];
    for (operator, expected) in table.into_iter().chain(more) {
        for (value, holds) in [-1, 0, 1].into_iter().zip(expected) {
            assert_eq!(ordered(operator, value, 0), Truth::from(holds), "{value} {operator:?} 0");
        }
    }
}

#[test]
fn depth_and_size_are_bounded() {
    let mut deep = Condition::always();
    for _ in 1..MAX_DEPTH {
        deep = Condition::negate(deep).unwrap();
    }
    assert_eq!(Condition::negate(deep).unwrap_err(), ConditionError::TooDeep);

    let wide = Condition::any(vec![Condition::always(); MAX_SIZE as usize]);
    assert_eq!(wide.unwrap_err(), ConditionError::TooLarge);
    let values = Operand::Texts(vec![String::new(); MAX_TEXTS + 1]);
    assert_eq!(Condition::compare(FactName::Ssid, Operator::In, values).unwrap_err(), ConditionError::TooManyTexts);
}

#[test]
fn during_holds_in_its_intervals_and_is_unknown_outside_what_is_known() {
    let condition = Condition::during(vec![(10, 20), (20, 25), (30, 31)], (0, 40)).unwrap();
    let table = [
        (-1, Truth::Unknown),
        (0, Truth::False),
        (9, Truth::False),
        (10, Truth::True),
        (19, Truth::True),
        (20, Truth::True),
        (25, Truth::False),
        (30, Truth::True),
        (31, Truth::False),
        (39, Truth::False),
        (40, Truth::Unknown),
    ];
    for (time, expected) in table {
        let mut facts = FactSet::new();
        facts.set(FactName::Time, Value::Integer(time));
        assert_eq!(condition.evaluate(&facts), expected, "at {time}");
    }
    assert_eq!(condition.evaluate(&FactSet::new()), Truth::Unknown);
}

#[test]
fn intervals_out_of_order_are_refused() {
    let many = (0..=i64::try_from(MAX_INTERVALS).unwrap()).map(|at| (2 * at, 2 * at + 1)).collect();
    let table = [
        (vec![(10, 10)], (0, 40)),
        (vec![(10, 9)], (0, 40)),
        (vec![(10, 20), (19, 30)], (0, 40)),
        (vec![(20, 30), (10, 15)], (0, 40)),
        (vec![(-1, 5)], (0, 40)),
        (vec![(39, 41)], (0, 40)),
        (vec![], (0, 0)),
        (many, (0, i64::MAX)),
    ];
    for (intervals, known) in table {
        assert_eq!(Condition::during(intervals, known).unwrap_err(), ConditionError::Intervals);
    }
}

#[test]
fn patterns() {
    let table = [
        ("*", "", true),
        ("*", "anything", true),
        ("", "", true),
        ("", "x", false),
        ("a*", "abc", true),
        ("*c", "abc", true),
        ("a*c", "abc", true),
        ("a*a", "a", false),
        ("a*b*c", "aXbYc", true),
        ("a*bc*c", "abc", false),
        ("a**c", "ac", true),
        ("*b*", "abc", true),
        ("*x*", "abc", false),
        ("ÄB*", "äbc", true),
        ("a.c", "abc", false),
    ];
    for (pattern, text, expected) in table {
        assert_eq!(Pattern::new(pattern).matches(&Text::new(text)), expected, "{pattern:?} on {text:?}");
    }
}

#[test]
fn the_catalogue_is_closed_and_its_names_are_found() {
    for name in FactName::ALL {
        assert_eq!(name.name().parse::<FactName>().unwrap(), name);
    }
    assert!("user.group".parse::<FactName>().is_err());
    let mut facts = FactSet::new();
    facts.set(FactName::TlsResumed, Value::text("true"));
    assert_eq!(facts.get(FactName::TlsResumed), None, "a value of another kind is not known");
}
