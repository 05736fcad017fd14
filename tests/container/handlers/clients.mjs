// Handlers for the clients that others wrote: a streaming one on AWS's runtime client, and one that logs with Powertools.
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';

const logger = new Logger({ serviceName: 'service' });
const metrics = new Metrics({ namespace: 'space', serviceName: 'service' });

const told = (port) => new Promise((resolve, reject) => {
  connect(port, '127.0.0.1').once('data', resolve).once('error', reject);
});

export const streamed = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType('text/plain');
  for (const [number, part] of event.parts.entries()) {
    writeFileSync('/dev/shm/part', part);
    stream.write(readFileSync('/dev/shm/part'));
    if (number === 0) await told(event.port);
  }
  if (event.fail) throw new TypeError('too late');
  stream.end();
  await stream.finished?.();
});

export const logged = async (event, context) => {
  logger.addContext(context);
  writeFileSync('/dev/shm/event', JSON.stringify(event));
  logger.info('with powertools', { event: JSON.parse(readFileSync('/dev/shm/event', 'utf8')) });
  metrics.addMetric('calls', MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
  return { id: context.awsRequestId };
};
