"""The papers' instruments for a network, a table or a kernel of one's own: one module a theme.

    from verifig.instruments import neural_collapse
    neural_collapse.measure(model, model.fc, loader)

Thin over the tested code of the papers: this room alone knows them, and nothing imports this room. Modules are
`torch.nn.Module`s, data are pairs of tensors or DataLoaders, results are numbers, arrays and tensors. `docs/instruments`
shows each of them at work; `watching` calls them from a training loop.
"""
