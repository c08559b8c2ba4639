import test from "ava";
import {
  capitalised,
  identifierFault,
  optionNameFault,
  rolePatternFault,
  suffixFault,
} from "../../../codegen/read/names.ts";
import { classNames, kebabCase } from "../../../codegen/schema/class-names.ts";

test("kebab case", (t) => {
  const cases: [string, string][] = [
    ["AsyncSocketClient", "async-socket-client"],
    ["WithReadWrite", "with-read-write"],
    ["WithNMEALine", "with-nmea-line"],
    ["WithNmea0183", "with-nmea0183"],
    ["WithCRC16Check", "with-crc16-check"],
    ["X", "x"],
    ["", ""],
  ];
  for (const [name, expected] of cases) t.is(kebabCase(name), expected);
});

test("the names of a class", (t) => {
  t.deepEqual(classNames("async", "Persistent*", "Socket", "WithTerminator"), {
    className: "AsyncPersistentSocketWithTerminator",
    shortName: "PersistentSocketWithTerminator",
    familyName: "PersistentSocket",
    optionsName: "AsyncPersistentSocketWithTerminatorOptions",
    shortOptionsName: "PersistentSocketWithTerminatorOptions",
    file: "async/async-persistent-socket-with-terminator.ts",
    runtimeModule: "async-persistent-socket",
  });
  t.is(classNames("blocking", "BaseRequestHandler", "Socket", "").className, "BlockingBaseRequestHandler");
  t.is(capitalised(""), "");
});

test("names that cannot name anything", (t) => {
  for (const name of ["class", "__proto__", "constructor", "Promise", "Buffer", "Encoding", "Link", "await", "any"]) {
    t.not(identifierFault(name), undefined, name);
  }
  for (const name of ["", "1st", "a b", "a-b", "ä", "a\u2028b", "a;process.exit()", "{{a}}", "a/*", "A`B"]) {
    t.not(identifierFault(name), undefined, name);
  }
  for (const name of ["NmeaFraming", "$x", "_y", "A1"]) t.is(identifierFault(name), undefined, name);
});

test("suffixes, role patterns and option names", (t) => {
  for (const suffix of ["", "WithNmea", "X1"]) t.is(suffixFault(suffix), undefined, suffix);
  for (const suffix of ["nmea", "With Nmea", "With-Nmea", "../X", "__proto__", "With\u2028", "{{x}}", "W".repeat(65)]) {
    t.not(suffixFault(suffix), undefined, suffix);
  }
  for (const pattern of ["*Client", "BaseRequestHandler", "Persistent*"])
    t.is(rolePatternFault(pattern), undefined, pattern);
  for (const pattern of ["", "*", "**", "*A*", "client", "A/B", "{{Class}}"])
    t.not(rolePatternFault(pattern), undefined, pattern);
  for (const name of ["path", "$x", "maxMessageSize", "default"]) t.is(optionNameFault(name), undefined, name);
  for (const name of ["__proto__", "constructor", "a-b", "1", ""]) t.not(optionNameFault(name), undefined, name);
});
