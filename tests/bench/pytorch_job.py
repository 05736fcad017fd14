# SPDX-License-Identifier: MIT
"""A DataLoader whose workers hand their batches over in shared memory: the seconds it took to read them all."""
import time

import torch
from torch.utils.data import DataLoader, Dataset


class Numbers(Dataset):
    def __len__(self):
        return 200 * 16

    def __getitem__(self, index):
        return torch.full((16384,), float(index))  # 64 KiB; a batch of 16 is 1 MiB


def main():
    loader = DataLoader(Numbers(), batch_size=16, num_workers=2)
    list_of_sums = []
    began = time.monotonic()
    for batch in loader:
        list_of_sums.append(batch[:, 0].sum().item())
    took = time.monotonic() - began
    assert sum(list_of_sums) == sum(range(200 * 16))
    print("seconds", took)


if __name__ == "__main__":
    main()
