//! Measures whether response times reveal who has an account.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::commands::say;

/// How many pairs to discard before measuring.
const WARM_UP: u32 = 50;

/// Smaller differences are useless to an attacker over a network; so are those below a twentieth.
const LEAST_MS: f64 = 1.0;
const LEAST_SHARE: f64 = 0.05;
const SIGNIFICANT: f64 = 0.001;

/// A form whose answer must not tell who has an account.
struct Tested {
    path: &'static str,
    /// The field for the name.
    field: &'static str,
    /// What the form is for, in the report.
    what: &'static str,
    /// The status of every answer.
    status: u16,
}

const LOG_IN: Tested = Tested {
    path: "/login",
    field: "username",
    what: "log-ins",
    status: 401,
};

/// Writes at most five mails to the user; the rest of the requests does all but that.
const FORGOTTEN: Tested = Tested {
    path: "/forgot-password",
    field: "email",
    what: "requests for a new password",
    status: 202,
};

pub(super) fn run(url: &str, user: &str, pairs: u32) -> anyhow::Result<()> {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .new_agent();
    let url = url.trim_end_matches('/');
    let mut told = measure(&agent, url, &LOG_IN, user, pairs)?;
    let page = agent.get(format!("{url}{}", FORGOTTEN.path)).call();
    if page.is_ok_and(|page| page.status() == 200) {
        told |= measure(&agent, url, &FORGOTTEN, user, pairs)?;
    }
    if told {
        bail!("response times reveal whether a user exists");
    }
    say(format!(
        "ok: response times do not reveal whether a user exists, provided that {user} exists"
    ))
}

/// Compares the times of the answers to this form. Returns whether they tell a user from nobody.
fn measure(
    agent: &ureq::Agent,
    url: &str,
    tested: &Tested,
    user: &str,
    pairs: u32,
) -> anyhow::Result<bool> {
    let page = format!("{url}{}", tested.path);
    let ask = |name: &str| -> anyhow::Result<f64> {
        let password = ("password", "not the password of anybody");
        let form = [(tested.field, name), password];
        let form = match tested.field {
            "username" => &form[..],
            _ => &form[..1],
        };
        let started = Instant::now();
        let answer = agent.post(&page).send_form(form.iter().copied());
        let mut answer = answer.with_context(|| format!("{page} does not answer"))?;
        answer.body_mut().read_to_vec()?;
        let took = started.elapsed().as_secs_f64() * 1_000.0;
        match answer.status().as_u16() {
            status if status == tested.status => Ok(took),
            429 => bail!(
                "{page} answers 429, because it counts requests; for this test, start it with \
                 `--throttle off` where nobody else can reach it"
            ),
            status => bail!("{page} answers {status} instead of {}", tested.status),
        }
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for at in 0..WARM_UP + pairs {
        // Alternate, so that a slow minute affects both alike; and each comes first as often, so
        // that what the site does after an answer delays both alike.
        let nobody = format!("nobody{at}");
        let (one, other) = match at % 2 {
            0 => (ask(user)?, ask(&nobody)?),
            _ => {
                let other = ask(&nobody)?;
                (ask(user)?, other)
            }
        };
        if at >= WARM_UP {
            known.push(one);
            unknown.push(other);
        }
    }
    let compared = Compared::of(known, unknown);
    say(format!(
        "{pairs} {} each: {:.2} ms for {user}, {:.2} ms for nobody; shift {:.2} ms, p {:.4}",
        tested.what, compared.medians.0, compared.medians.1, compared.shift, compared.p
    ))?;
    Ok(compared.tells_apart())
}

/// Two samples of times, in milliseconds.
#[derive(Debug)]
struct Compared {
    medians: (f64, f64),
    /// How much longer the first takes: the median of all differences (Hodges and Lehmann 1963).
    shift: f64,
    /// The probability of such a difference in rank by chance (Mann and Whitney 1947).
    p: f64,
}

impl Compared {
    fn of(mut one: Vec<f64>, mut other: Vec<f64>) -> Self {
        let differences = one.iter().flat_map(|a| other.iter().map(move |b| a - b));
        let shift = median(&mut differences.collect::<Vec<_>>());
        let p = mann_whitney(&one, &other);
        Self {
            medians: (median(&mut one), median(&mut other)),
            shift,
            p,
        }
    }

    fn tells_apart(&self) -> bool {
        let least = LEAST_MS.max(LEAST_SHARE * self.medians.0.max(self.medians.1));
        self.shift.abs() > least && self.p < SIGNIFICANT
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The two-sided p of the rank sum, by the normal approximation, which is accurate for some twenty
/// values or more. It ignores ties, because times hardly ever have any.
fn mann_whitney(one: &[f64], other: &[f64]) -> f64 {
    let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
    let u: f64 = pairs
        .map(|(a, b)| f64::from(u8::from(a > b)) + f64::from(u8::from(a == b)) / 2.0)
        .sum();
    let count = |of: &[f64]| f64::from(u32::try_from(of.len()).unwrap_or(u32::MAX));
    let (n, m) = (count(one), count(other));
    let z = (u - n * m / 2.0).abs() / (n * m * (n + m + 1.0) / 12.0).sqrt();
    2.0 * upper_tail(z)
}

/// The probability that a normal variable is greater than a positive `z`, to within 1e-7
/// (Abramowitz and Stegun 1964, 26.2.17).
fn upper_tail(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let factors = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let sum = factors
        .iter()
        .rev()
        .fold(0.0, |sum, factor| (sum + factor) * t);
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    density * sum
}

#[cfg(test)]
mod tests {
    use super::{Compared, upper_tail};

    #[test]
    fn the_tail_of_the_normal_distribution_is_that_of_the_tables() {
        for (z, p) in [
            (0.0, 0.5),
            (1.0, 0.158_655),
            (1.959_964, 0.025),
            (3.290_527, 0.000_5),
        ] {
            assert!((upper_tail(z) - p).abs() < 1e-6, "{z}");
        }
    }

    #[test]
    fn a_shift_is_told_from_noise() {
        let times = |start: f64| {
            let noise = (0..400_u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 20));
            noise
                .map(|noise| start + noise / 1_000.0)
                .collect::<Vec<_>>()
        };
        let same = Compared::of(times(18.0), times(18.0));
        let small = Compared::of(times(18.5), times(18.0));
        let great = Compared::of(times(20.0), times(18.0));

        assert!(!same.tells_apart(), "{same:?}");
        assert!(!small.tells_apart() && small.shift > 0.4, "{small:?}");
        assert!(
            great.tells_apart() && (great.shift - 2.0).abs() < 0.01,
            "{great:?}"
        );
    }
}
