//! Products of many dense rows with a few vectors, in floats, with a bound on what the floats may be off: what dense
//! batches spend their time on.
//!
//! The integers decide; the floats only tell which rows are so clear that the integers need not be asked. Let `u` be
//! `2^-53`, the relative error of one rounding, and `n` the number of features. In `sum_i w_i * x_i`, in whatever order it
//! is summed, a term meets at most `n + 2` roundings: one when each factor becomes a float, one for its product, and one for
//! each of the `n - 1` additions (additions of zero are exact). So the float is off by at most
//! `((1 + u)^(n + 2) - 1) * sum_i |w_i * x_i| <= (n + 4) * u * |w| * |x|`, by Cauchy and Schwarz, for `n` up to
//! [`MAX_DIMENSION`]. [`FloatProducts::tolerance`] is more than twice that, which leaves room for the roundings of the norms, of a few
//! operations on the sums, and of comparisons: each of them is below `2^-30` of what it rounds.
//!
//! An integer of 80 bits, a product, and a sum of `2^20` of them are far from where floats overflow.

#[cfg(target_arch = "x86_64")]
use pulp::bytemuck::cast;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use pulp::{Arch, NullaryFnOnce, Scalar, Simd};

use crate::batch::{Integer, Rows};

/// Features of the longest rows for which the proof above holds.
const MAX_DIMENSION: usize = 1 << 20;
/// Rows that are read at a time: each number of a vector is loaded once for all of them, and memory delivers several
/// streams faster than one.
const ROWS: usize = 4;
/// Vectors at a time: with the rows, what the registers of an instruction set of 32 hold.
const VECTORS: usize = 5;

/// A few vectors of integers as floats.
pub(crate) struct FloatProducts {
    arch: Arch,
    vectors: Vec<Vec<f64>>,
    norms: Vec<f64>,
    dimension: usize,
}

/// Products and norm of one row, as floats.
pub(crate) struct RowProducts<'a> {
    /// The product with each vector.
    pub(crate) products: &'a [f64],
    /// The norm of the row.
    pub(crate) norm: f64,
}

impl FloatProducts {
    /// None where there is no vector, where they are of several lengths, or where they are so long that the bounds do not hold.
    #[expect(clippy::cast_precision_loss, reason = "the tolerance includes it")]
    pub(crate) fn new<'a, T: Copy + Into<i128> + 'a>(vectors: impl Iterator<Item = &'a [T]>) -> Option<Self> {
        // Nearly all fit in 64 bits, for which there is an instruction.
        let to_float = |value: i128| i64::try_from(value).map_or(value as f64, |value| value as f64);
        let to_floats = |vector: &[T]| vector.iter().map(|&value| to_float(value.into())).collect();
        let vectors: Vec<Vec<f64>> = vectors.map(to_floats).collect();
        let dimension = vectors.first()?.len();
        let is_usable = (1..=MAX_DIMENSION).contains(&dimension) && vectors.iter().all(|v| v.len() == dimension);
        let norms = vectors.iter().map(|vector| vector.iter().map(|w| w * w).sum::<f64>().sqrt()).collect();
        is_usable.then(|| Self { arch: Arch::new(), vectors, norms, dimension })
    }

    /// The products, and the rows for which they are: None also where those are not 64-bit integers, all as long as the vectors.
    pub(crate) fn for_rows<'a, 'b, T: Copy + Into<i128> + 'a, I: Integer>(
        vectors: impl Iterator<Item = &'a [T]>,
        rows: &Rows<'b, I>,
    ) -> Option<(Self, Rows<'b, i64>)> {
        let products = Self::new(vectors)?;
        let rows = rows.as_dense(products.dimension)?;
        Some((products, rows))
    }

    /// The norm of each vector.
    pub(crate) fn norms(&self) -> &[f64] {
        &self.norms
    }

    /// Number of features.
    pub(crate) fn dimension(&self) -> usize {
        self.dimension
    }

    /// More than twice what a product is off by at most, relative to the product of the norms.
    #[expect(clippy::cast_precision_loss, reason = "at most 2^20")]
    pub(crate) fn tolerance(&self) -> f64 {
        (self.dimension + 16) as f64 * f64::EPSILON
    }

    /// Gives the products of each of the rows, which lie one after another, with its number.
    pub(crate) fn for_each_row(&self, rows: &[i64], mut each: impl FnMut(usize, RowProducts)) {
        // The products with the vectors, and the square of the norm, in columns of ROWS.
        let num_vectors = self.vectors.len();
        let mut sums = vec![[0.0; ROWS]; num_vectors + 1];
        let mut products = vec![0.0; num_vectors];
        let mut give = |first: usize, num_rows: usize, sums: &[[f64; ROWS]]| {
            for row in 0..num_rows {
                for (product, column) in products.iter_mut().zip(sums) {
                    *product = column[row];
                }
                let norm = sums[num_vectors][row].sqrt();
                each(first + row, RowProducts { products: &products, norm });
            }
        };
        let mut blocks = rows.chunks_exact(ROWS * self.dimension);
        let mut first = 0;
        for block in &mut blocks {
            let rows: [&[i64]; ROWS] = std::array::from_fn(|i| &block[i * self.dimension..(i + 1) * self.dimension]);
            self.block(rows, &mut sums);
            give(first, ROWS, &sums);
            first += ROWS;
        }
        for row in blocks.remainder().chunks_exact(self.dimension) {
            self.block([row], &mut sums);
            give(first, 1, &sums);
            first += 1;
        }
    }

    /// The sums of R rows, with the instructions that this computer has.
    fn block<const R: usize>(&self, rows: [&[i64]; R], sums: &mut [[f64; ROWS]]) {
        let vectors = &self.vectors;
        match self.arch {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(simd) => simd.vectorize(Block { simd, rows, vectors, sums }),
            #[cfg(target_arch = "x86_64")]
            Arch::V3(simd) => simd.vectorize(Block { simd, rows, vectors, sums }),
            _ => Block { simd: Scalar, rows, vectors, sums }.call(),
        }
    }
}

/// The work on R rows. Unlike a closure it is certain to be inlined, and so to be compiled for its instructions.
struct Block<'a, S, const R: usize> {
    simd: S,
    rows: [&'a [i64]; R],
    vectors: &'a [Vec<f64>],
    /// The products with each vector, then the squares of the norms.
    sums: &'a mut [[f64; ROWS]],
}

impl<S: ToFloats, const R: usize> NullaryFnOnce for Block<'_, S, R> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { simd, rows, vectors, sums } = self;
        let (columns, squares) = sums.split_at_mut(vectors.len());
        for (vectors, columns) in vectors.chunks(VECTORS).zip(columns.chunks_mut(VECTORS)) {
            // The number of vectors is known to the compiler, so that the sums live in registers.
            match vectors {
                [a] => multiply(simd, rows, [a], columns, &mut squares[0]),
                [a, b] => multiply(simd, rows, [a, b], columns, &mut squares[0]),
                [a, b, c] => multiply(simd, rows, [a, b, c], columns, &mut squares[0]),
                [a, b, c, d] => multiply(simd, rows, [a, b, c, d], columns, &mut squares[0]),
                [a, b, c, d, e] => multiply(simd, rows, [a, b, c, d, e], columns, &mut squares[0]),
                _ => unreachable!("chunks are not empty and not longer"),
            }
        }
    }
}

/// The products of R rows with K vectors, and of each row with itself.
#[inline(always)]
fn multiply<S: ToFloats, const R: usize, const K: usize>(
    simd: S,
    rows: [&[i64]; R],
    vectors: [&Vec<f64>; K],
    products: &mut [[f64; ROWS]],
    squares: &mut [f64; ROWS],
) {
    let num_lanes = size_of::<S::f64s>() / size_of::<f64>();
    let num_whole = vectors[0].len() / num_lanes;
    let mut row_lanes: [&[S::i64s]; R] = [&[]; R];
    for r in 0..R {
        row_lanes[r] = &S::as_simd_i64s(rows[r]).0[..num_whole];
    }
    let mut vector_lanes: [&[S::f64s]; K] = [&[]; K];
    for k in 0..K {
        vector_lanes[k] = &S::as_simd_f64s(vectors[k]).0[..num_whole];
    }
    let zero = simd.splat_f64s(0.0);
    let mut sums = [[zero; K]; R];
    let mut square_sums = [zero; R];
    for i in 0..num_whole {
        for r in 0..R {
            let x = simd.to_floats(row_lanes[r][i]);
            square_sums[r] = simd.mul_add_e_f64s(x, x, square_sums[r]);
            for k in 0..K {
                sums[r][k] = simd.mul_add_e_f64s(x, vector_lanes[k][i], sums[r][k]);
            }
        }
    }
    // Incomplete lanes are filled with zeros.
    let rest = num_whole * num_lanes;
    if rest < vectors[0].len() {
        for r in 0..R {
            let x = simd.to_floats(simd.partial_load_i64s(&rows[r][rest..]));
            square_sums[r] = simd.mul_add_e_f64s(x, x, square_sums[r]);
            for k in 0..K {
                let w = simd.partial_load_f64s(&vectors[k][rest..]);
                sums[r][k] = simd.mul_add_e_f64s(x, w, sums[r][k]);
            }
        }
    }
    for r in 0..R {
        squares[r] = simd.reduce_sum_f64s(square_sums[r]);
        for k in 0..K {
            products[k][r] = simd.reduce_sum_f64s(sums[r][k]);
        }
    }
}

/// Instructions that turn integers into the nearest floats.
trait ToFloats: Simd {
    fn to_floats(self, integers: Self::i64s) -> Self::f64s;
}

impl ToFloats for Scalar {
    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "the tolerance includes it")]
    fn to_floats(self, integers: i64) -> f64 {
        integers as f64
    }
}

#[cfg(target_arch = "x86_64")]
impl ToFloats for V4 {
    #[inline(always)]
    fn to_floats(self, integers: Self::i64s) -> Self::f64s {
        cast(self.avx512dq._mm512_cvtepi64_pd(cast(integers)))
    }
}

#[cfg(target_arch = "x86_64")]
impl ToFloats for V3 {
    /// There is no such instruction, so each half of an integer is written into the mantissa of a float: the lower half
    /// below `2^52`, the upper half, its sign bit flipped, below `2^84`. Taking `2^84 + 2^63 + 2^52` from the upper one is
    /// exact, and so the sum of the two rounds once.
    #[inline(always)]
    fn to_floats(self, integers: Self::i64s) -> Self::f64s {
        const LOW: f64 = (1_u64 << 52) as f64;
        const HIGH: f64 = (1_u128 << 84) as f64 + (1_u64 << 63) as f64;
        const BOTH: f64 = HIGH + LOW;
        let (avx, avx2) = (self.avx, self.avx2);
        let integers = cast(integers);
        let low = avx2._mm256_blend_epi32::<0b1010_1010>(integers, cast(self.splat_f64s(LOW)));
        let high = avx2._mm256_xor_si256(avx2._mm256_srli_epi64::<32>(integers), cast(self.splat_f64s(HIGH)));
        let high = avx._mm256_sub_pd(cast(high), cast(self.splat_f64s(BOTH)));
        cast(avx._mm256_add_pd(high, cast(low)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn archs() -> Vec<Arch> {
        let mut archs = vec![Arch::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            archs.extend(V3::try_new().map(Arch::V3));
            archs.extend(V4::try_new().map(Arch::V4));
        }
        archs
    }

    /// Checks every product and norm against integers, on all instruction sets of this computer.
    fn check(vectors: &[Vec<i64>], rows: &[i64]) {
        let mut products = FloatProducts::new(vectors.iter().map(Vec::as_slice)).expect("of one length");
        for arch in archs() {
            products.arch = arch;
            let mut num_rows = 0;
            products.for_each_row(rows, |i, found| {
                assert_eq!(i, num_rows);
                num_rows += 1;
                let row = &rows[i * products.dimension()..(i + 1) * products.dimension()];
                let squares: f64 = row.iter().map(|&x| x as f64 * x as f64).sum();
                assert!((found.norm - squares.sqrt()).abs() <= 1e-12 * found.norm);
                for ((vector, &product), &norm) in vectors.iter().zip(found.products).zip(products.norms()) {
                    // Below 2^127 * n would not fit: the tests keep one side small.
                    let exact: i128 = vector.iter().zip(row).map(|(&w, &x)| i128::from(w) * i128::from(x)).sum();
                    let off = (product - exact as f64).abs();
                    let bound = norm * found.norm;
                    assert!(off <= products.tolerance() * bound, "{off} {bound}");
                    assert!(
                        bound >= (1_u64 << 52) as f64 || off == 0.0,
                        "all integers are small, so all floats are exact"
                    );
                }
            });
            assert_eq!(num_rows * products.dimension(), rows.len());
        }
    }

    #[test]
    fn every_number_of_rows_vectors_and_features() {
        let mut seed = 1_u64;
        let mut next = |bits: u32| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            seed.cast_signed() >> (64 - bits)
        };
        for bits in [8, 32, 52, 54, 61] {
            for num_features in 1..20 {
                for (num_rows, num_vectors) in [(1, 1), (3, 2), (4, 5), (5, 6), (8, 3), (9, 11), (2, 4)] {
                    let vectors: Vec<Vec<i64>> =
                        (0..num_vectors).map(|_| (0..num_features).map(|_| next(bits)).collect()).collect();
                    let rows: Vec<i64> = (0..num_rows * num_features).map(|_| next(bits)).collect();
                    check(&vectors, &rows);
                }
            }
        }
    }

    #[test]
    fn no_products_where_the_proof_does_not_hold() {
        let of = |vectors: &[&[i64]]| FloatProducts::new(vectors.iter().copied()).is_some();
        assert!(!of(&[]) && !of(&[&[]]) && !of(&[&[1], &[1, 2]]) && of(&[&[1, 2], &[3, 4]]));
        assert!(of(&[&vec![1; MAX_DIMENSION]]) && !of(&[&vec![1; MAX_DIMENSION + 1]]));
    }

    proptest! {
        #[test]
        fn integers_become_the_nearest_floats(x in any::<i64>(), shift in 0..64_u32) {
            // One feature and a weight of 1: the product is the float.
            for x in [x >> shift, i64::MIN, i64::MAX, (1 << 53) + 1, -(1 << 53) - 1, u32::MAX.into(), -1] {
                let mut products = FloatProducts::new(std::iter::once(&[1_i64][..])).expect("one vector");
                for arch in archs() {
                    products.arch = arch;
                    products.for_each_row(&[x; 5], |_, found| assert_eq!(found.products, [x as f64]));
                }
            }
        }
    }
}
