"""Human-in-the-loop machine learning on Amazon SageMaker Ground Truth and Augmented AI."""
