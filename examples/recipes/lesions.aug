# What lamina advises for training on ISIC's lesions at 128 to 256 pixels. Size and normalisation come from the trainer,
# so that the recipe serves any of them.
SequentialAugmentationContainer
  # A dermoscopic photograph has no up and no left: all symmetries and all angles are alike. One warp does the rest.
  AugMirror p=0.5
  AugFlip p=0.5
  AugAffine angle=[-180, 180] scale=[0.8, 1.25] shear=[-5, 5] translate=[-0.05, 0.05] border_type="reflect_101"
  # Lamps, cameras and skins differ.
  OneOfAugmentationContainer p=0.7
    AugBrightness beta=[-25, 25]
    AugContrast alpha=[0.75, 1.3]
    AugGammaContrast gamma=[0.7, 1.4]
  end
  OneOfAugmentationContainer p=0.5
    AugHueSaturationValue hue=[-8, 8] saturation=[-0.15, 0.15] value=[-0.05, 0.05]
  end
  # Sharpness, grain, and what lies in front of the lesion.
  OneOfAugmentationContainer p=0.2
    AugGaussianBlur sigma=[0.3, 1]
    AugGaussianNoise std_dev=[1, 8]
    AugJpegCompression quality=[60, 95]
  end
  OneOfAugmentationContainer p=0.2
    AugHair count=[1, 12]
    AugCoarseDropout p=[0, 0.03] drop_size=[0.02, 0.06] per_channel=0
  end
end
