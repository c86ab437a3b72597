// Test results as TAP.
let count = 0;
let failures = 0;

export function ok(good, title, why = "") {
  count += 1;
  failures += good ? 0 : 1;
  console.log(`${good ? "ok" : "not ok"} ${count} - ${title}`);
  if (!good && why !== "") console.log(String(why).replace(/^/gm, "# "));
}

// Whatever goes wrong on the way is a failed test, never fewer tests.
export async function run(tests) {
  try {
    await tests();
  } catch (error) {
    ok(false, "the tests come to their end", error.stack);
  }
  console.log(`1..${count}`);
  process.exit(failures === 0 ? 0 : 1); // also if a server still listens, or a browser is open
}
