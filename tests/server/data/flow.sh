# A scan as shell scripts do it, with the AWS CLI; prints the ARN of the run, the findings' titles and the report's URL.
set -euo pipefail
inspector() { "$AWS" inspector "$@" --output text; }

group=$(inspector create-resource-group --resource-group-tags key=Name,value=web --query resourceGroupArn)
target=$(inspector create-assessment-target --assessment-target-name web --resource-group-arn "$group" \
  --query assessmentTargetArn)
packages=$(inspector list-rules-packages --query rulesPackageArns)
# shellcheck disable=SC2086  each ARN is a word
template=$(inspector create-assessment-template --assessment-target-arn "$target" --assessment-template-name web \
  --duration-in-seconds 180 --rules-package-arns $packages --query assessmentTemplateArn)
run=$(inspector start-assessment-run --assessment-template-arn "$template" --query assessmentRunArn)
echo "$run"
until [ "$(inspector describe-assessment-runs --assessment-run-arns "$run" --query 'assessmentRuns[0].state')" = COMPLETED ]
do sleep 0.2; done
# shellcheck disable=SC2046
inspector describe-findings --query 'findings[].[title]' --finding-arns \
  $(inspector list-findings --assessment-run-arns "$run" --filter '{"severities":["High"]}' --query findingArns)
report() {
  inspector get-assessment-report --assessment-run-arn "$run" --report-file-format HTML --report-type FINDING \
    --query "$1"
}
until [ "$(report status)" = COMPLETED ]; do sleep 0.2; done
report url
