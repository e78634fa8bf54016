// A tool as Node has it, with the AWS SDK for JavaScript and one endpoint for all of AWS; prints what it saw as JSON.
const { EC2 } = require("@aws-sdk/client-ec2");
const { Inspector } = require("@aws-sdk/client-inspector");
const { SNS } = require("@aws-sdk/client-sns");
const { SQS } = require("@aws-sdk/client-sqs");

async function scan() {
  const [ec2, inspector, sns, sqs] = [new EC2({}), new Inspector({}), new SNS({}), new SQS({})];
  const { Instances } = await ec2.runInstances({ ImageId: "ami-12c6146b", MinCount: 1, MaxCount: 1 });
  const { TopicArn } = await sns.createTopic({ Name: "scans" });
  const { QueueUrl } = await sqs.createQueue({ QueueName: "scans" });
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["QueueArn"] });
  await sns.subscribe({ TopicArn, Protocol: "sqs", Endpoint: Attributes.QueueArn });

  const { assessmentTargetArn } = await inspector.createAssessmentTarget({ assessmentTargetName: "all" });
  const { rulesPackageArns } = await inspector.listRulesPackages({});
  const { assessmentTemplateArn } = await inspector.createAssessmentTemplate({
    assessmentTargetArn, assessmentTemplateName: "all", durationInSeconds: 180, rulesPackageArns,
  });
  await inspector.subscribeToEvent({
    resourceArn: assessmentTemplateArn, event: "ASSESSMENT_RUN_COMPLETED", topicArn: TopicArn,
  });
  const { assessmentRunArn } = await inspector.startAssessmentRun({ assessmentTemplateArn });
  const { assessmentRunAgents } = await inspector.listAssessmentRunAgents({ assessmentRunArn });

  const events = [];
  while (!events.some(({ event }) => event === "ASSESSMENT_RUN_COMPLETED")) {
    await inspector.describeAssessmentRuns({ assessmentRunArns: [assessmentRunArn] });
    const { Messages } = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
    for (const { Body, ReceiptHandle } of Messages || []) {
      events.push(JSON.parse(JSON.parse(Body).Message));
      await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
    }
  }
  console.log(JSON.stringify({
    launched: Instances[0].InstanceId,
    assessed: assessmentRunAgents.map(({ agentId }) => agentId),
    run: assessmentRunArn,
    events: events.map(({ event }) => event),
    completed: events.at(-1).run,
  }));
}

scan();
