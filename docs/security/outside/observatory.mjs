// The tests of MDN's HTTP Observatory that a site does not pass, one a line:
// observatory.mjs localhost:PORT
import { scan } from "@mdn/mdn-http-observatory/src/scanner/index.js";

const { scan: summary, tests } = await scan(process.argv[2]);
console.error(`grade ${summary.grade}, score ${summary.score}`);
for (const [name, test] of Object.entries(tests)) {
  if (!test.pass) {
    console.log(`${name} ${test.result}`);
  }
}
