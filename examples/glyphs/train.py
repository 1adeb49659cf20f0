"""Trains the glyph network and writes it as ONNX.

Needs Debian's python3-torch and python3-numpy. From the project's root, after ./run build:

    build/release/bin/glyphs-generate --seed 1000 --count 30000 --out glyphs_train
    build/release/bin/glyphs-generate --seed 1 --count 2000 --out glyphs_test
    /usr/bin/python3 examples/glyphs/train.py glyphs_train glyphs_test examples/glyphs/glyphs.onnx

One core, seeded; BatchNormalization stays in the file, the batch axis is dynamic.
"""

import argparse
import json
import pathlib
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

SEED = 1
BATCH = 100
PREPROCESS = pathlib.Path(__file__).parent / "preprocess.json"


def conv_bn(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Separable(nn.Module):
    """A depthwise 3x3 convolution, then a pointwise one."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.depthwise = conv_bn(inputs, inputs, 3, stride, groups=inputs)
        self.pointwise = conv_bn(inputs, outputs, 1)

    def forward(self, x):
        return functional.relu(self.pointwise(functional.relu(self.depthwise(x))))


class Residual(nn.Module):
    """Two 3x3 convolutions beside an identity."""

    def __init__(self, channels):
        super().__init__()
        self.first = conv_bn(channels, channels, 3)
        self.second = conv_bn(channels, channels, 3)

    def forward(self, x):
        return functional.relu(self.second(functional.relu(self.first(x))) + x)


class Glyphs(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.stem = conv_bn(1, 24, 3, stride=2)
        self.body = nn.Sequential(
            Residual(24),
            Separable(24, 48, stride=2),
            Residual(48),
            Separable(48, 96, stride=1),
        )
        self.head = nn.Linear(96, classes)

    def forward(self, x):
        x = self.body(functional.relu(self.stem(x)))
        return self.head(functional.adaptive_avg_pool2d(x, 1).flatten(1))


def load(folder):
    """Preprocessed images and labels of one generated set."""
    spec = json.loads(PREPROCESS.read_text())
    x = np.load(pathlib.Path(folder) / "glyphs_x_u8.npy").astype(np.float32)
    numerator, denominator = spec["scale"].split("/")
    x = (x * (float(numerator) / float(denominator)) - spec["mean"][0]) / spec["std"][0]
    y = np.load(pathlib.Path(folder) / "glyphs_y_u8.npy").astype(np.int64)
    return torch.from_numpy(x.astype(np.float32)), torch.from_numpy(y)


def accuracy(net, x, y):
    net.eval()
    with torch.no_grad():
        hits = sum((net(x[i:i + 500]).argmax(1) == y[i:i + 500]).sum().item()
                   for i in range(0, len(x), 500))
    return hits / len(x)


def train(net, x, y, epochs):
    steps = epochs * (len(x) // BATCH)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True,
                                weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.2, total_steps=steps)
    start = time.time()
    for epoch in range(epochs):
        net.train()
        total = 0.0
        for batch in torch.randperm(len(x))[:len(x) // BATCH * BATCH].split(BATCH):
            optimizer.zero_grad()
            loss = functional.cross_entropy(net(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / (len(x) // BATCH):.4f}, "
              f"{time.time() - start:.0f} s", flush=True)


def export(net, path):
    net.eval()
    torch.onnx.export(
        net, torch.zeros(1, 1, 28, 28), path, opset_version=13,
        training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
        input_names=["image"], output_names=["logits"],
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", help="folder of the training set")
    parser.add_argument("test", help="folder of the test set")
    parser.add_argument("onnx", help="file to write")
    parser.add_argument("--epochs", type=int, default=12)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    net = Glyphs()
    print(f"{sum(p.numel() for p in net.parameters())} parameters")
    train(net, *load(args.train), args.epochs)
    x, y = load(args.test)
    print(f"top-1 {100 * accuracy(net, x, y):.2f} % of {len(x)} images")
    export(net, args.onnx)


if __name__ == "__main__":
    main()
