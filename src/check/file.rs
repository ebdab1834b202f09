//! FILE_CHECK: the value of a tracked file is a verdict, or a weight.

use super::Why;
use super::probe::Outcome;

/// What a value means. Compat: without a weight any value but 0 is a failure; with one the product
/// is added to the weight, and a product that no weight can hold is a failure.
pub(super) fn outcome(value: i32, weight: i32, reverse: bool) -> Outcome {
    if weight == 0 {
        return if value == 0 {
            Outcome::Pass
        } else {
            Outcome::Fail(Why::File(value))
        };
    }
    let product = i64::from(value) * i64::from(weight);
    let product = if reverse { -product } else { product };
    if product <= i64::from(i32::MIN) {
        return Outcome::Fail(Why::File(value));
    }
    Outcome::Weight(i32::try_from(product).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_weights_and_their_product() {
        let down = |v| Outcome::Fail(Why::File(v));
        for (value, weight, reverse, expected) in [
            (0, 0, false, Outcome::Pass),
            (1, 0, false, down(1)),
            (-1, 0, true, down(-1)),
            (5, 2, false, Outcome::Weight(10)),
            (5, 2, true, Outcome::Weight(-10)),
            (5, -2, false, Outcome::Weight(-10)),
            (0, 7, true, Outcome::Weight(0)),
            (i32::MIN, 1, false, down(i32::MIN)),
            (i32::MIN, 1, true, Outcome::Weight(i32::MAX)),
            (i32::MAX, i32::MAX, false, Outcome::Weight(i32::MAX)),
            (i32::MAX, i32::MAX, true, down(i32::MAX)),
            (i32::MIN, i32::MIN, true, down(i32::MIN)),
            (-i32::MAX, 1, false, Outcome::Weight(-i32::MAX)),
        ] {
            assert_eq!(
                outcome(value, weight, reverse),
                expected,
                "{value} x {weight}, reverse {reverse}"
            );
        }
    }
}
