//! Counts and prints what passed and what did not.

use std::future::Future;
use std::time::Instant;

/// Why a case failed, in words.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

#[derive(Default)]
pub struct Report {
    passed: usize,
    failed: usize,
}

impl Report {
    /// Runs one case in a task of its own, so that a panic inside the crate is this case's failure only.
    pub async fn case<F>(&mut self, name: &str, body: F)
    where
        F: Future<Output = Result<(), Fault>> + Send + 'static,
    {
        let begun = Instant::now();
        let outcome = match tokio::time::timeout(std::time::Duration::from_secs(60), tokio::spawn(body)).await {
            Ok(Ok(result)) => result.map_err(|fault| fault.to_string()),
            Ok(Err(panic)) => Err(format!("panicked: {panic}")),
            Err(_) => Err("not finished within 60 s".to_owned()),
        };
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("ok     {name} ({} ms)", begun.elapsed().as_millis());
            }
            Err(fault) => {
                self.failed += 1;
                println!("FAILED {name}: {fault}");
            }
        }
    }

    pub fn finish(self) -> i32 {
        println!("passed {} failed {}", self.passed, self.failed);
        i32::from(self.failed > 0)
    }
}

/// An error with these words unless the condition holds.
pub fn demand(condition: bool, otherwise: impl Into<String>) -> Result<(), Fault> {
    if condition {
        Ok(())
    } else {
        Err(otherwise.into().into())
    }
}
