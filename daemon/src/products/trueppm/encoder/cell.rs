//! Cells of a block as the types that a seed is built from.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use orgvault_archive::seed::Day;

use crate::format::value::{MICROS_1970_TO_2000, Misfit, Value};

/// A key of a row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Uuid(pub u128);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let mut rest = hex.as_str();
        for (index, length) in [8, 4, 4, 4, 12].into_iter().enumerate() {
            let (part, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            write!(f, "{}{part}", if index > 0 { "-" } else { "" })?;
            rest = after;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Microseconds since 2000-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Micros(pub i64);

impl Micros {
    /// The instant, where its year has four digits.
    pub(super) fn instant(self) -> Option<(Day, u8, u8)> {
        use chrono::Timelike;
        let instant = DateTime::<Utc>::from_timestamp_micros(self.0.checked_add(MICROS_1970_TO_2000)?)?;
        let [hour, minute] = [instant.hour(), instant.minute()].map(u8::try_from);
        Some((Day::new(instant.date_naive())?, hour.ok()?, minute.ok()?))
    }
}

/// Why a cell does not fit: what it holds instead.
#[derive(Debug)]
pub(super) struct Unfit(pub(super) String);

impl From<Misfit> for Unfit {
    fn from(misfit: Misfit) -> Self {
        Self(misfit.to_string())
    }
}

/// A type that a cell can be read as.
pub(super) trait Cell: Sized {
    fn read(value: Option<Value<'_>>) -> Result<Self, Unfit>;
}

fn other(value: Option<Value<'_>>) -> Unfit {
    Unfit(match value {
        None => "NULL".to_owned(),
        Some(_) => "a value of another type".to_owned(),
    })
}

impl<T: Cell> Cell for Option<T> {
    fn read(value: Option<Value<'_>>) -> Result<Self, Unfit> {
        value.map(|value| T::read(Some(value))).transpose()
    }
}

impl Cell for Uuid {
    fn read(value: Option<Value<'_>>) -> Result<Self, Unfit> {
        match value {
            Some(Value::Uuid(bytes)) => Ok(Self(u128::from_be_bytes(*bytes))),
            value => Err(other(value)),
        }
    }
}

impl Cell for i64 {
    fn read(value: Option<Value<'_>>) -> Result<Self, Unfit> {
        match value {
            Some(Value::Int(int)) => Ok(int),
            value => Err(other(value)),
        }
    }
}

impl Cell for bool {
    fn read(value: Option<Value<'_>>) -> Result<Self, Unfit> {
        match value {
            Some(Value::Bool(truth)) => Ok(truth),
            value => Err(other(value)),
        }
    }
}

impl Cell for f64 {
    fn read(value: Option<Value<'_>>) -> Result<Self, Unfit> {
        match value {
            Some(Value::Float(float)) => Ok(float),
            value => Err(other(value)),
        }
    }
}

impl Cell for String {
    fn read(value: Option<Value<'_>>) -> Result<Self, Unfit> {
        match value {
            Some(Value::Text(text)) => Ok(text.to_owned()),
            value => Err(other(value)),
        }
    }
}

impl Cell for Micros {
    fn read(value: Option<Value<'_>>) -> Result<Self, Unfit> {
        match value {
            Some(Value::Timestamp(micros)) => Ok(Self(micros)),
            value => Err(other(value)),
        }
    }
}

impl Cell for Day {
    fn read(value: Option<Value<'_>>) -> Result<Self, Unfit> {
        let Some(Value::Date(days)) = value else { return Err(other(value)) };
        let day = NaiveDate::from_ymd_opt(2000, 1, 1)
            .and_then(|epoch| epoch.checked_add_signed(chrono::TimeDelta::try_days(days.into())?))
            .and_then(Day::new);
        day.ok_or_else(|| {
            let mut text = Vec::new();
            crate::format::value::write_date(days, &mut text);
            Unfit(String::from_utf8_lossy(&text).into_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_cut_to_minutes_in_utc() {
        let (day, hour, minute) = Micros(-1).instant().unwrap();
        assert_eq!((day.to_string().as_str(), hour, minute), ("1999-12-31", 23, 59));
        assert!(Micros(i64::MAX).instant().is_none() && Micros(i64::MIN).instant().is_none());
    }

    #[test]
    fn dates_beyond_four_digits_do_not_fit() {
        assert_eq!(Day::read(Some(Value::Date(0))).unwrap().to_string(), "2000-01-01");
        for days in [i32::MAX, i32::MIN, 2_921_940, -730_486] {
            assert!(Day::read(Some(Value::Date(days))).is_err(), "{days}");
        }
    }

    #[test]
    fn keys_are_shown_as_postgresql_does() {
        assert_eq!(Uuid(0x1076_d223_0eeb_44b6_a9b4_9c00_de5e_2830).to_string(), "1076d223-0eeb-44b6-a9b4-9c00de5e2830");
    }
}
