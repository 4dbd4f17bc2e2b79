# What lamina advises for training on ISIC's lesions at 128 to 256 pixels; the size comes from the data source.
# A dermoscopic photograph has no up and no left: all eight symmetries and all angles are alike.
SequentialAugmentationContainer
  AugMirror p=0.5
  AugFlip p=0.5
  AugTranspose p=0.5
  AugRotate angle=[-180, 180]
  OneOfAugmentationContainer p=0.5
    AugBrightness beta=[-25, 25]
    AugGammaContrast gamma=[0.7, 1.4]
  end
end
