"""Beyond the plain VAE: one module for each page of chapter 10.

Each changes Eq. (4) to answer one problem that the plain VAE has.

    shapes            pictures with known factors, and the mutual information gap: page 10.1
    conditional       a VAE that is told the class: page 10.2
    importance        what the bound L_k does to the gradients: page 10.3
    sigma             σ in closed form, and one σ for each pixel: page 10.4
    priors            a learned prior, and a flow for Q: page 10.5
    hierarchical      two layers of latents: page 10.6
    vector_quantized  words of symbols, and a prior by counting: page 10.7
    diffusion         a diffusion as a hierarchical VAE: page 10.8
    judge             one measure for the models of all pages
"""
