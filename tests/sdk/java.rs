//! Generated Java: compiled with all warnings as errors, and called.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use apigw::share::sdk::SdkLanguage;
use serde_json::Value;

use crate::served::{Served, ServedDefinition, write_packages};
use crate::tools::has_tool;
use crate::{is_answered, run, text};

/// The driver of a group; `g_sdk` stands for its package.
const DRIVER: &str = include_str!("Drive.java");

/// Runs the drivers of all groups in one machine.
const DRIVE_ALL: &str = r#"
public final class DriveAll {
    public static void main(String[] arguments) throws Exception {
        for (int index = 1; index < arguments.length; index++) {
            Class<?> driver = Class.forName("drive." + arguments[index] + ".Drive");
            driver.getMethod("run", String.class, String.class).invoke(null, arguments[0], arguments[index] + ".json");
        }
    }
}
"#;

pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "java") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Compiles all sources below a folder into `classes`.
fn compile(folder: &Path, sources_in: &str, options: &str) -> Output {
    let list: Vec<String> = sources(&folder.join(sources_in)).iter().map(|file| file.display().to_string()).collect();
    std::fs::create_dir_all(folder.join("classes")).expect("a folder");
    let arguments = folder.join("arguments");
    std::fs::write(&arguments, list.join("\n")).expect("a file");
    let options = format!("-J-Xmx2g -encoding UTF-8 --release 17 -proc:none -d classes -cp classes {options}");
    run(Command::new("javac")
        .args(options.split_whitespace())
        .arg(format!("@{}", arguments.display()))
        .current_dir(folder))
}

/// Writes the packages of all groups, and compiles them without a warning.
pub(crate) fn compile_packages(served: &Served, folder: &Path) {
    write_packages(served, SdkLanguage::Java, folder);
    let output = compile(folder, "src", "-Xlint:all -Werror");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", shortened(&text(&output)));
}

/// Runs a source file with the compiled packages.
pub(crate) fn run_source(folder: &Path, name: &str, source: &str, argument: &Path) -> Output {
    std::fs::write(folder.join(name), source).expect("a file");
    let flags = ["-XX:TieredStopAtLevel=1", "--add-modules", "jdk.httpserver", "-cp", "classes"];
    run(Command::new("java").args(flags).arg(name).arg(argument).current_dir(folder))
}

fn shortened(text: &str) -> String {
    text.chars().take(20_000).collect()
}

/// Writes the calls of a group as classes, with the driver that calls them.
fn write_calls(group: &ServedDefinition, folder: &Path) -> usize {
    let name = &group.name;
    let mut expected = Served::expected(group, SdkLanguage::Java);
    expected.retain(|operation| is_answered(operation, SdkLanguage::Java));
    let target = folder.join("drive").join(name);
    std::fs::create_dir_all(&target).expect("a folder");
    for (index, operation) in expected.iter().enumerate() {
        let part = |field: &str| operation[field].as_str().unwrap_or_default().to_owned();
        let source = format!(
            "package drive.{name};\n\n{}\npublic final class Call{index} {{\n    public static Object call(Client client) \
             throws Exception {{\n        return {};\n    }}\n}}\n",
            part("imports"),
            part("call"),
        );
        std::fs::write(target.join(format!("Call{index}.java")), source).expect("a file");
    }
    let driver = DRIVER.replace("g_sdk", &format!("{name}_sdk")).replace("drive.g;", &format!("drive.{name};"));
    std::fs::write(target.join("Drive.java"), driver).expect("a file");
    let file = folder.join(format!("{name}.json"));
    std::fs::write(file, serde_json::to_vec(&expected).expect("JSON")).expect("a file");
    expected.len()
}

#[test]
fn java_clients_compile_without_a_warning_and_call_every_operation() {
    if !has_tool("javac", "types and calls of generated Java clients") {
        return;
    }
    let served = Served::start();
    let folder = tempfile::tempdir().expect("a folder");
    compile_packages(&served, folder.path());
    let mut calls = 0;
    let mut said = String::new();
    for group in &served.groups {
        let count = write_calls(group, folder.path());
        calls += count;
        let _ = writeln!(said, "{}: {count} called", group.name);
    }
    std::fs::write(folder.path().join("drive/DriveAll.java"), DRIVE_ALL).expect("a file");
    let output = compile(folder.path(), "drive", "-nowarn");
    assert!(output.status.success(), "{}", shortened(&text(&output)));
    let names = served.groups.iter().map(|group| group.name.as_str());
    let output = run(Command::new("java")
        .args(["-Xmx1g", "-cp", "classes", "DriveAll", &served.address])
        .args(names)
        .current_dir(folder.path()));
    assert!(calls > 0 && String::from_utf8_lossy(&output.stdout) == said, "{calls}: {}", shortened(&text(&output)));
    writeln!(std::io::stderr(), "{calls} operations of {} groups called from Java", served.groups.len())
        .expect("written");
}

const HOSTILE: &str = r#"
import g1_sdk.Client;
import g1_sdk.ClientOptions;

public final class Hostile {
    public static void main(String[] arguments) {
        var client = Client.at("http://127.0.0.1:1/g1", new ClientOptions().retries(0));
        for (String part : new String[] {".", "..", "", "%2e"}) {
            try {
                System.out.println("answered " + client.dots(part).send());
            } catch (IllegalArgumentException refused) {
                continue;
            } catch (g1_sdk.ConnectionFailed sent) {
                if (!part.equals("%2e")) System.out.println(part + " " + sent);
            }
        }
        try {
            Client.of("toString");
            System.out.println("an environment");
        } catch (IllegalArgumentException refused) {
            if (!refused.getMessage().contains("is not an environment")) System.out.println(refused);
        }
    }
}
"#;

/// Reads and writes JSON: texts that are none are refused, and numbers stay exact. Signs as the Python client does.
const JSON: &str = r#"
import g1_sdk.ClientError;
import g1_sdk.Header;
import g1_sdk.Json;
import g1_sdk.Request;
import g1_sdk.Signature;
import java.util.List;

public final class Values {
    public static void main(String[] arguments) {
        for (String text : List.of("", " ", "01", "1.", ".5", "+1", "-", "1e", "tru", "nul", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "\"\t\"",
                "\"\\x\"", "\"\\u12g4\"", "\"", "[", "{", "1 2", "NaN", "Infinity", "\u00a01", "[".repeat(100_000), "1e99999999999999999999")) {
            try {
                System.out.println("read " + text + " as " + Json.parse(text));
            } catch (ClientError refused) {
                continue;
            }
        }
        for (String text : List.of("0", "-0", "9223372036854775807", "9223372036854775808", "-123456789012345678901234567890", "0.10",
                "1.0000000000000000000000001", "\"\\u0000\\ud800\"", "{\"b\":1,\"a\":[null,true,{}]}", "\"\u67e5\ud83e\udd80\"")) {
            String written = Json.write(Json.parse(text));
            if (!written.equals(text) && !text.equals("-0")) System.out.println(text + " is written as " + written);
        }
        for (Object value : List.of(Double.NaN, Double.POSITIVE_INFINITY, new Object())) {
            try {
                System.out.println("written " + Json.write(value));
            } catch (IllegalArgumentException refused) {
                continue;
            }
        }
        String query = "pageSize=10&pageNumber=2&b=a%20b&b=%2F";
        String url = "http://www.jdcloud-api.com/v1/regions/cn-north-1/instances?" + query;
        Request request = new Request("GET", url, List.of(new Header("content-type", "application/json")), null, null);
        Signature signature = new Signature("ak", "sk", "cn-north-1", "service_name");
        String nonce = "55f3919e-3a7d-4174-b117-f150ff25e274";
        String signed = signature.applyAt(request, "20180405T010203Z", nonce).header("authorization").orElse("none");
        String golden = "JDCLOUD3-HMAC-SHA256 Credential=ak/20180405/cn-north-1/service_name/jdcloud3_request, "
                + "SignedHeaders=content-type;host;x-jdcloud-date;x-jdcloud-nonce, "
                + "Signature=837da9d921346f071bc2aca75910046845897dd3caf5d36bbd1222968031f22f";
        if (!signed.equals(golden)) System.out.println("signed " + signed);
    }
}
"#;

#[test]
fn hostile_values_are_refused_by_java() {
    if !has_tool("javac", "hostile values in generated Java clients") {
        return;
    }
    let served = Served::of_own();
    let folder = tempfile::tempdir().expect("a folder");
    compile_packages(&served, folder.path());
    for (name, source) in [("Hostile.java", HOSTILE), ("Values.java", JSON)] {
        let output = run_source(folder.path(), name, source, Path::new("-"));
        assert!(output.status.success() && output.stdout.is_empty(), "{name}: {}", text(&output));
    }
}

/// Returns the classes that a call imports, as lines.
pub(crate) fn imports(calls: &[&Value]) -> String {
    let mut lines: Vec<&str> = calls.iter().filter_map(|call| call["imports"].as_str()).flat_map(str::lines).collect();
    lines.sort_unstable();
    lines.dedup();
    lines.join("\n")
}
