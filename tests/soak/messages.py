#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Messages through queues: each arrives once, unchanged. One pair of queues lasts, others come and go."""
import collections
import multiprocessing
import queue
import sys

from workload import WAIT, Wrong, Workload, check, serve

PRODUCERS = CONSUMERS = 2
EACH = 150


def text(producer, number):
    return ("soak message %d.%d;" % (producer, number)) * (1 + number * 7 % 300)


def produce(channel, producer, first):
    for number in range(first, first + EACH):
        channel.put((producer, number, text(producer, number)))


def consume(channel, results):
    arrived, changed = [], 0
    while (message := channel.get()) is not None:
        producer, number, content = message
        arrived.append((producer, number))
        changed += content != text(producer, number)
    results.put((arrived, changed))


def echo(inbox, outbox):
    while (message := inbox.get()) is not None:
        outbox.put(message[::-1])


def within(channel):
    try:
        return channel.get(timeout=WAIT)
    except queue.Empty:
        raise Wrong("lost: nothing came for %d s" % WAIT) from None


class Messages(Workload):
    def start(self):
        super().start()
        self.there, self.back = multiprocessing.Queue(), multiprocessing.Queue()
        self.peer = multiprocessing.Process(target=echo, args=(self.there, self.back), daemon=True)
        self.peer.start()
        self.next = 0
        self.steady()
        for method in ("fork", "spawn"):
            self.passing(method)

    def lasting(self):
        return {**super().lasting(), "echo": self.peer.pid}

    def end(self):
        self.there.put(None)
        self.peer.join(WAIT)
        check(self.peer.exitcode == 0, "the echo ended with %s" % self.peer.exitcode)
        for channel in (self.there, self.back):
            channel.close()
            channel.join_thread()

    def round(self):
        self.steady()
        self.passing("spawn" if self.random.random() < 0.05 else "fork")

    def steady(self):
        wanted = [text(0, number) for number in range(self.next, self.next + 100)]
        self.next += len(wanted)
        for message in wanted:
            self.there.put(message)
        for message in wanted:
            self.compare(within(self.back)[::-1], message)
        check(self.back.empty() and self.there.empty(), "doubled: more came back than was sent")
        self.done["messages"] += 2 * len(wanted)

    @staticmethod
    def compare(found, wanted):
        check(found == wanted, "lost or doubled: %.40r came where %.40r was next" % (found, wanted))

    def passing(self, method):
        context = multiprocessing.get_context(method)
        channel, results = context.Queue(maxsize=20), context.Queue()
        first = self.random.randrange(1000000)
        producers = [context.Process(target=produce, args=(channel, rank, first)) for rank in range(PRODUCERS)]
        consumers = [context.Process(target=consume, args=(channel, results)) for _ in range(CONSUMERS)]
        for process in producers + consumers:
            process.start()
        self.join(producers)
        for _ in consumers:
            channel.put(None)
        arrived, changed = collections.Counter(), 0
        for _ in consumers:
            some, bad = within(results)
            arrived.update(some)
            changed += bad
        self.join(consumers)
        wanted = [(rank, number) for rank in range(PRODUCERS) for number in range(first, first + EACH)]
        check(not changed, "%d messages came changed" % changed)
        lost = [message for message in wanted if message not in arrived]
        doubled = [message for message, times in arrived.items() if times > 1]
        check(not lost, "lost: %d of %d messages, the first is %s" % (len(lost), len(wanted), lost[:1]))
        check(not doubled, "doubled: %d messages, the first is %s" % (len(doubled), doubled[:1]))
        check(len(arrived) == len(wanted), "messages that nobody has sent")
        self.done["messages"] += len(wanted)
        self.done["queues"] += 2
        for made in (channel, results):
            made.close()
            made.join_thread()

    @staticmethod
    def join(processes):
        for process in processes:
            process.join(WAIT)
            check(process.exitcode == 0, "a process ended with %s" % process.exitcode)
            process.close()


if __name__ == "__main__":
    sys.exit(serve(Messages))
