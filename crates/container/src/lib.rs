//! ASiC-E containers with XAdES signatures: made, opened and validated.
