// A scan as Node does it, with the AWS SDK for JavaScript; prints what it saw as JSON.
const { Inspector } = require("@aws-sdk/client-inspector");

async function scan() {
  const inspector = new Inspector({});
  const seen = {};
  const { resourceGroupArn } = await inspector.createResourceGroup({ resourceGroupTags: [{ key: "Name", value: "web" }] });
  const { assessmentTargetArn } = await inspector.createAssessmentTarget({ assessmentTargetName: "web", resourceGroupArn });
  const { rulesPackageArns } = await inspector.listRulesPackages({});
  const { assessmentTemplateArn } = await inspector.createAssessmentTemplate({
    assessmentTargetArn, assessmentTemplateName: "web", durationInSeconds: 180, rulesPackageArns,
  });
  const { assessmentRunArn } = await inspector.startAssessmentRun({ assessmentTemplateArn });
  seen.run = assessmentRunArn;
  for (;;) {
    const { assessmentRuns } = await inspector.describeAssessmentRuns({ assessmentRunArns: [assessmentRunArn] });
    if (assessmentRuns[0].state === "COMPLETED") {
      seen.seconds = Math.round((assessmentRuns[0].completedAt - assessmentRuns[0].createdAt) / 1000);
      break;
    }
  }
  const { findingArns } = await inspector.listFindings({
    assessmentRunArns: [assessmentRunArn], filter: { severities: ["High"] },
  });
  const { findings } = await inspector.describeFindings({ findingArns });
  seen.titles = findings.map((finding) => finding.title);
  const wanted = { assessmentRunArn, reportFileFormat: "HTML", reportType: "FINDING" };
  let report = await inspector.getAssessmentReport(wanted);
  while (report.status !== "COMPLETED") report = await inspector.getAssessmentReport(wanted);
  const fetched = await fetch(report.url);
  seen.report = [fetched.status, fetched.headers.get("content-type"), (await fetched.text()).includes(seen.titles[0])];
  try {
    await inspector.deleteAssessmentRun({ assessmentRunArn: assessmentRunArn.slice(0, -8) + "00000000" });
  } catch (error) {
    seen.error = [error.name, error.errorCode];
  }
  console.log(JSON.stringify(seen));
}

scan();
