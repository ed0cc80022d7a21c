// What csp_evaluator has against a policy, one finding a line: csp.cjs 'default-src …'
const { CspEvaluator } = require("csp_evaluator");
const { CspParser } = require("csp_evaluator/dist/parser");
const { Severity } = require("csp_evaluator/dist/finding");

const { csp } = new CspParser(process.argv[2]);
for (const finding of new CspEvaluator(csp).evaluate()) {
  if (finding.severity < Severity.INFO) {
    const value = finding.value ? ` ${finding.value}` : "";
    console.log(`${Severity[finding.severity]} ${finding.directive}${value}`);
  }
}
