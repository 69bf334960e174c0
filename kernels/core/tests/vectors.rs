//! Replays the sequences recorded from the original bytecode of 0xDeCA10B: results, reverts and final states.
//!
//! They are not part of the project: `DCAI_VECTORS_DIR` names the folder that has them, "shared/vectors" beside the
//! repository unless it is set. Where they are absent, the test says so and passes.

#![expect(clippy::panic, reason = "a recording of another form fails the test")]

use std::path::PathBuf;
use std::str::FromStr;

use dcai_core::models::dense_perceptron::DensePerceptron;
use dcai_core::models::naive_bayes::NaiveBayes;
use dcai_core::models::nearest_centroid::NearestCentroidClassifier;
use dcai_core::models::sparse_nearest_centroid::SparseNearestCentroidClassifier;
use dcai_core::models::sparse_perceptron::SparsePerceptron;
use dcai_core::{Model, Result, U256, norm};
use serde_json::Value;

fn load(file: &str) -> Vec<Value> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors"));
    let path = std::env::var_os("DCAI_VECTORS_DIR").map_or_else(beside, PathBuf::from).join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("{} is absent: no recorded sequences are replayed", path.display());
        return vec![];
    };
    serde_json::from_str(&text).expect("a list of sequences")
}

fn number<T: FromStr>(value: &Value) -> T {
    let digits = value.as_str().expect("a number in digits");
    digits.parse().unwrap_or_else(|_| panic!("{digits} is out of range"))
}

fn list<T>(value: &Value, item: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().expect("a list").iter().map(item).collect()
}

fn numbers<T: FromStr>(value: &Value) -> Vec<T> {
    list(value, number)
}

fn rows<T: FromStr>(value: &Value) -> Vec<Vec<T>> {
    list(value, numbers)
}

/// The entries of {index: value} that are not zero, by increasing index.
fn entries<T: FromStr + Ord + Default>(value: &Value) -> Vec<(u64, T)> {
    let object = value.as_object().expect("an object").iter();
    let entries = object.map(|(index, value)| (index.parse().expect("an index"), number(value)));
    let mut entries: Vec<_> = entries.filter(|(_, value)| *value != T::default()).collect();
    entries.sort();
    entries
}

/// Replays the steps that all models have; `other` takes the rest.
fn replay<M: Model>(model: &mut M, sequence: &Value, other: impl Fn(&mut M, &str, &Value) -> Result<()>) -> usize {
    let steps = sequence["steps"].as_array().expect("a list of steps");
    for (i, step) in steps.iter().enumerate() {
        let place = format!("{} {}, step {i}", sequence["contract"], sequence["seed"]);
        let before = model.clone();
        let data: Vec<i64> = step.get("data").map(numbers).unwrap_or_default();
        match step["op"].as_str().expect("an operation") {
            "predict" => {
                let expected: Option<u64> = step["result"].as_str().map(|_| number(&step["result"]));
                assert_eq!(model.predict(&data).ok(), expected, "{place}");
            }
            "norm" => assert_eq!(norm(&data), number::<U256>(&step["result"]), "{place}"),
            "update" => {
                let changed = model.update(&data, number(&step["label"]));
                assert_eq!(changed.is_ok(), step["ok"], "{place}");
                assert_eq!(changed.unwrap_or(false), *model != before, "{place}");
            }
            op => {
                let result = other(model, op, step);
                assert_eq!(result.is_ok(), step["ok"], "{place}");
                assert!(result.is_ok() || *model == before, "{place}");
            }
        }
    }
    steps.len()
}

fn no_other<M>(_: &mut M, op: &str, _: &Value) -> Result<()> {
    panic!("there is no operation {op}")
}

fn replay_sequence(sequence: &Value) -> usize {
    let (init, end) = (&sequence["init"], &sequence["final"]);
    let perceptron = || (numbers(&init["weights"]), number(&init["intercept"]), number(&init["learning_rate"]));
    match sequence["contract"].as_str().expect("a name") {
        "DensePerceptron" => {
            let (weights, intercept, learning_rate) = perceptron();
            let mut model = DensePerceptron::new(weights, intercept, learning_rate).expect("a model");
            let num_steps = replay(&mut model, sequence, no_other);
            assert_eq!(model.weights(), numbers::<i128>(&end["weights"]));
            assert_eq!(model.intercept(), number::<i128>(&end["intercept"]));
            num_steps
        }
        "SparsePerceptron" => {
            let (weights, intercept, learning_rate) = perceptron();
            let mut model = SparsePerceptron::new(weights, intercept, learning_rate).expect("a model");
            let num_steps = replay(&mut model, sequence, no_other);
            assert_eq!(model.weights(), entries(&end["weights"]));
            assert_eq!(model.intercept(), number::<i128>(&end["intercept"]));
            num_steps
        }
        "NearestCentroidClassifier" => {
            let (centroids, counts) = (rows(&init["centroids"]), numbers(&init["counts"]));
            let mut model = NearestCentroidClassifier::new(centroids, counts).expect("a model");
            let num_steps = replay(&mut model, sequence, no_other);
            assert_eq!(model.centroids(), rows::<i64>(&end["centroids"]));
            assert_eq!(model.data_counts(), numbers::<U256>(&end["counts"]));
            num_steps
        }
        "SparseNearestCentroidClassifier" => {
            let (centroids, counts) = (list(&init["centroids"], rows), numbers(&init["counts"]));
            let mut model = SparseNearestCentroidClassifier::new(&centroids, &counts).expect("a model");
            let num_steps = replay(&mut model, sequence, no_other);
            for (k, centroid) in (0..).zip(list(&end["centroids"], entries::<u64>)) {
                for (index, value) in centroid {
                    assert_eq!(model.centroid_value(k, u32::try_from(index).expect("an index")), Ok(value));
                }
            }
            assert_eq!(model.num_samples(), numbers::<u64>(&end["counts"]));
            assert_eq!(model.squared_magnitudes(), numbers::<U256>(&end["squared_magnitudes"]));
            num_steps
        }
        "NaiveBayes" => {
            let (counts, features) = (list(&init["feature_counts"], rows), number(&init["total_num_features"]));
            let smoothing = number(&init["smoothing_factor"]);
            let mut model =
                NaiveBayes::new(&numbers(&init["class_counts"]), &counts, features, smoothing).expect("a model");
            let num_steps = replay(&mut model, sequence, |model, op, step| match op {
                "add_class" => model.add_class(number(&step["num_samples"]), &rows(&step["counts"])),
                "initialize_counts" => model.initialize_counts(&rows(&step["counts"]), number(&step["class"])),
                op => panic!("there is no operation {op}"),
            });
            assert_eq!(model.num_samples(), numbers::<u64>(&end["num_samples"]));
            assert_eq!(model.total_feature_counts(), numbers::<u64>(&end["total_feature_counts"]));
            assert_eq!(model.feature_counts(), list(&end["feature_counts"], entries::<u32>));
            num_steps
        }
        contract => panic!("there is no model {contract}"),
    }
}

#[test]
fn recorded_sequences() {
    for file in ["0xdeca10b.json", "0xdeca10b-naive-bayes.json"] {
        let sequences = load(file);
        let num_steps: usize = sequences.iter().map(replay_sequence).sum();
        println!("{file}: {} sequences, {num_steps} steps compared", sequences.len());
    }
}
