# free form
OneOfAugmentationContainer p = 5e-1
	AugRandomCrop border_type="reflect101" size=( 8.0,9 )#close
AugNormalize mean=0.5 std=(1,2,3)
end
