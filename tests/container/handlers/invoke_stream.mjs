// AWS's SDK as the caller of a function that streams: prints each event as JSON, as it comes.
import { InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda';

const [endpoint, payload] = process.argv.slice(2);
const client = new LambdaClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const answer = await client.send(new InvokeWithResponseStreamCommand({ FunctionName: 'function', Payload: payload }));
for await (const event of answer.EventStream) {
  if (event.PayloadChunk) console.log(JSON.stringify({ part: Buffer.from(event.PayloadChunk.Payload).toString() }));
  if (event.InvokeComplete) console.log(JSON.stringify({ complete: event.InvokeComplete }));
}
