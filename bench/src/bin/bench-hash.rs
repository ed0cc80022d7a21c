//! How many passwords a crate's Argon2id hashes, on so many threads: what a login can reach at
//! best. Prints hashes/s.

use std::io::Write;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use clap::{Parser, ValueEnum};
use vestibule_bench::{MEMORY_KIB, PASSES, PASSWORD, SALT, hash_by_libsodium};

/// Argon2id again and again.
#[derive(Debug, Clone, Copy, Parser)]
struct Arguments {
    by: By,
    threads: usize,
    seconds: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    /// RustCrypto's; memory is reused, as in the library.
    Argon2,
    Libsodium,
}

fn main() -> anyhow::Result<()> {
    let Arguments {
        by,
        threads,
        seconds,
    } = Arguments::parse();
    let until = Instant::now() + Duration::from_secs(seconds);
    let running: Vec<_> = (0..threads)
        .map(|_| std::thread::spawn(move || hashes(by, until)))
        .collect();
    let mut hashes = 0;
    for thread in running {
        let done = thread.join();
        hashes += done.map_err(|_| anyhow::anyhow!("a thread panicked"))??;
    }
    let rate = f64::from(hashes) / seconds as f64;
    writeln!(std::io::stdout(), "{rate:.2} hashes/s")?;
    Ok(())
}

fn hashes(by: By, until: Instant) -> anyhow::Result<u32> {
    let mut hash = by.hasher()?;
    let mut hashes = 0;
    while Instant::now() < until {
        hash()?;
        hashes += 1;
    }
    Ok(hashes)
}

impl By {
    fn hasher(self) -> anyhow::Result<Box<dyn FnMut() -> anyhow::Result<()>>> {
        Ok(match self {
            Self::Argon2 => {
                let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32));
                let params = params.map_err(anyhow::Error::msg)?;
                let mut memory = vec![Block::new(); params.block_count()];
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
                Box::new(move || {
                    let mut digest = [0; 32];
                    argon2
                        .hash_password_into_with_memory(PASSWORD, SALT, &mut digest, &mut memory)
                        .map_err(anyhow::Error::msg)?;
                    std::hint::black_box(digest);
                    Ok(())
                })
            }
            Self::Libsodium => Box::new(hash_by_libsodium),
        })
    }
}
