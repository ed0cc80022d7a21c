//! How many passwords the raw Argon2id hashes, on so many threads: what a login can reach at best.
//! Memory is reused, as in the library. Prints hashes/s and the median time of one.

use std::io::Write;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let threads: usize = arguments.next().as_deref().unwrap_or("1").parse()?;
    let seconds: u64 = arguments.next().as_deref().unwrap_or("4").parse()?;
    let until = Instant::now() + Duration::from_secs(seconds);
    let running: Vec<_> = (0..threads)
        .map(|_| std::thread::spawn(move || hash(until)))
        .collect();
    let mut times = Vec::new();
    for thread in running {
        let done = thread.join();
        times.extend(done.map_err(|_| anyhow::anyhow!("a thread panicked"))??);
    }
    times.sort();
    let rate = times.len() as f64 / seconds as f64;
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    let median = median.as_secs_f64() * 1_000.0;
    writeln!(std::io::stdout(), "{rate:.2} hashes/s {median:.3} ms")?;
    Ok(())
}

fn hash(until: Instant) -> anyhow::Result<Vec<Duration>> {
    let params = Params::new(19 * 1024, 2, 1, Some(32)).map_err(anyhow::Error::msg)?;
    let mut memory = vec![Block::new(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut digest = [0; 32];
    let mut times = Vec::new();
    while Instant::now() < until {
        let started = Instant::now();
        argon2
            .hash_password_into_with_memory(
                b"correct horse battery staple",
                b"sixteen bytes of",
                &mut digest,
                &mut memory,
            )
            .map_err(anyhow::Error::msg)?;
        std::hint::black_box(&digest);
        times.push(started.elapsed());
    }
    Ok(times)
}
