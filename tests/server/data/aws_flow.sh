# A tool as shell scripts have it, with the AWS CLI and one endpoint for all of AWS; prints the instance that was
# launched, the one that was assessed, the run, and the run that the message in the queue names.
set -euo pipefail
aws() { "$AWS" "$@" --output text; }
# Version 1 of the AWS CLI has an endpoint of its own for Amazon SQS, whatever AWS_ENDPOINT_URL says.
sqs() { aws sqs "$@" --endpoint-url "$AWS_ENDPOINT_URL"; }

launched=$(aws ec2 run-instances --image-id ami-12c6146b --query 'Instances[0].InstanceId')
topic=$(aws sns create-topic --name scans --query TopicArn)
queue=$(sqs create-queue --queue-name scans --query QueueUrl)
queue_arn=$(sqs get-queue-attributes --queue-url "$queue" --attribute-names QueueArn --query Attributes.QueueArn)
aws sns subscribe --topic-arn "$topic" --protocol sqs --notification-endpoint "$queue_arn" > /dev/null

target=$(aws inspector create-assessment-target --assessment-target-name all --query assessmentTargetArn)
packages=$(aws inspector list-rules-packages --query rulesPackageArns)
# shellcheck disable=SC2086  each ARN is a word
template=$(aws inspector create-assessment-template --assessment-target-arn "$target" --assessment-template-name all \
  --duration-in-seconds 180 --rules-package-arns $packages --query assessmentTemplateArn)
aws inspector subscribe-to-event --resource-arn "$template" --event ASSESSMENT_RUN_COMPLETED --topic-arn "$topic"
run=$(aws inspector start-assessment-run --assessment-template-arn "$template" --query assessmentRunArn)
assessed=$(aws inspector list-assessment-run-agents --assessment-run-arn "$run" \
  --query 'assessmentRunAgents[].agentId')
until [ "$(aws inspector describe-assessment-runs --assessment-run-arns "$run" --query 'assessmentRuns[0].state')" \
  = COMPLETED ]
do sleep 0.2; done
message=$(sqs receive-message --queue-url "$queue" --max-number-of-messages 10 --query 'Messages[-1].Body')
echo "$launched"
echo "$assessed"
echo "$run"
echo "$message"
